"""Propose: what the trials of a round try, from the reports of all earlier ones."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import read_json, write_json
from mlopsc.runtime.tuning.best import reports, sign_of
from mlopsc.runtime.tuning.draws import drawn
from mlopsc.runtime.tuning.tpe import suggest
from mlopsc.vocabulary.operations import Propose
from mlopsc.vocabulary.time import format_duration

_FEWER = "fewer candidates of the rung before came to a score"


def run(
    config: Propose,
    inputs: Mapping[str, Path],
    outputs: Mapping[str, Path],
    context: Context,  # noqa: ARG001
) -> None:
    """Write the candidates. Raises StepFailed where TPE is asked for and Optuna is not installed."""
    earlier = reports(inputs, config.before)
    spent = _spent(config, inputs)
    over = None
    if config.time is not None:
        write_json(outputs["spent"], {"seconds": spent})
        if spent >= config.time.total_seconds():
            over = f"the time for trials, {format_duration(config.time)}, was over when it was to begin"
    found = [{"rows": config.rows, "skip": over, **one} for one in _candidates(config, earlier, over)]
    for place, one in enumerate(found):
        one["index"] = config.first + place
    write_json(outputs["candidates"], {"training": config.training, "trials": earlier, "candidates": found})
    print(
        f"{config.training}: {sum(one['skip'] is None for one in found)} trials to make in round {config.round}"
    )


def _spent(config: Propose, inputs: Mapping[str, Path]) -> float:
    """Return the seconds that all earlier trials took."""
    ports = [port for port in inputs if port == "spent" or port.startswith("timings_")]
    return (
        float(sum(read_json(inputs[port])["seconds"] for port in ports)) if config.time is not None else 0.0
    )


def _candidates(
    config: Propose, earlier: Sequence[Mapping[str, Any]], over: str | None
) -> list[dict[str, Any]]:
    match config.by:
        case "halving":
            return _rung(config, earlier)
        case "tpe" if over is None:
            return [{"params": one} for one in suggest(config, earlier)]
        case "tpe":
            return [{"params": {}} for _ in range(config.size)]
        case "grid" | "random" as draw:
            numbers = range(config.first, config.first + config.size)
            return [{"params": drawn(draw, config.space, config.seed, index)} for index in numbers]


def _rung(config: Propose, earlier: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the best of the rung before, the best first; in the first one, all that were drawn."""
    about = {"rung": config.round, "resource": next(iter(config.grown.values()), config.rows)}
    if not config.before:
        settings = [drawn("random", config.space, config.seed, index) for index in range(config.size)]
        return [
            {"candidate": index, "params": {**params, **config.grown}, **about}
            for index, params in enumerate(settings)
        ]
    sign = sign_of(config.metric)
    last = [one for one in earlier if one["rung"] == config.round - 1 and one["status"] == "ok"]
    best = sorted(last, key=lambda one: (-sign * one["mean"], one["candidate"]))[: config.size]
    kept = [
        {"candidate": one["candidate"], "params": {**one["params"], **config.grown}, **about} for one in best
    ]
    missing = config.size - len(kept)
    return kept + [{"candidate": None, "params": {}, "skip": _FEWER, **about} for _ in range(missing)]

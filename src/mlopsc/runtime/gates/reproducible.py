"""The reproducible gate: the model is trained again, in a fresh process, and compared to the byte."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import Decision, decision
from mlopsc.runtime.gates.differing import Difference, differences
from mlopsc.runtime.learning.fitted import open_model
from mlopsc.runtime.models.archive import read_signature
from mlopsc.runtime.operations.train import train_on
from mlopsc.runtime.store import digest_of_file
from mlopsc.runtime.workers import Workers
from mlopsc.vocabulary.operations import JudgeReproducible, Train

ENTRY = f"{__name__}:again"
_SHOWN = 3
_KEPT = 50


def judge_reproducible(config: JudgeReproducible, model: Path, train: Path, project: Path) -> Decision:
    """Return the decision; `differences` tells each place in which the models differ, and numbers by how much.

    What was found by a search stays found: the parameters are those that the model's signature tells. Raises
    StepFailed when the training crashes this time.
    """
    digest = digest_of_file(model)
    shown: dict[str, Any] = {"training": config.gate.training, "threshold": {"differences": 0}}
    with TemporaryDirectory(prefix="mlopsc-again-") as folder:
        second = Path(folder) / "model"
        _train(config, model, train, second, project)
        shown |= {"model_digest": digest, "again_digest": digest_of_file(second)}
        if shown["again_digest"] == digest:
            reason = "trained again in a fresh process it is the same model, to the byte"
            return decision(config.name, "reproducible", "pass", reason, observed=0, differences=[], **shown)
        found = _differences(config, model, second, project)
    told = [one.words() for one in found[:_SHOWN]] or ["the way in which it is written"]
    more = f", and {len(found) - _SHOWN} places more" if len(found) > _SHOWN else ""
    reason = f"trained again with the same seed it is another model, which differs in {', '.join(told)}{more}"
    return decision(
        config.name,
        "reproducible",
        "fail",
        reason,
        observed=len(found),
        differences=[{"place": one.place, "by": one.by} for one in found[:_KEPT]],
        **shown,
    )


def again(request: Mapping[str, Any]) -> None:
    """Train in this process: the entry of the fresh one."""
    config, project = Train.model_validate(request["train"]), Path(request["project"])
    train_on(config, Path(request["table"]), Path(request["out"]), Context(project))


def _train(config: JudgeReproducible, model: Path, train: Path, out: Path, project: Path) -> None:
    given = config.train.model_dump(mode="json")
    given["params"] = {**read_signature(model)["params"], **given["params"]}
    request = {"train": given, "table": str(train.absolute()), "out": str(out), "project": str(project)}
    log = out.with_name("log")
    with Workers(fresh=True) as workers:
        outcome = workers.run(ENTRY, request, log=log, cwd=project)
    if outcome.kind != "ok":
        raise StepFailed(
            f"gate {config.name!r}: {config.gate.training!r} could not be trained again: {outcome.message}",
            help=outcome.help,
        )


def _differences(config: JudgeReproducible, model: Path, second: Path, project: Path) -> list[Difference]:
    code, types = config.functions(), config.trusted()
    before, now = (open_model(path, code, project, types=types) for path in (model, second))
    told = differences(dict(before.signature), dict(now.signature), "signature")
    return [*told, *differences(before.estimator, now.estimator, "")]

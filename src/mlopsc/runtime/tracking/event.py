"""The event: what a training came to, in JSON, with files by digest; equal outcomes are equal events."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mlopsc.runtime.decisions import failed
from mlopsc.runtime.store import canonical_json, digest_of_bytes
from mlopsc.runtime.user_code import closure, resolve_reference
from mlopsc.vocabulary.operations import Track

FORMAT = 1
REGISTRY = "registry"
"""The key that names a model whose versions or stages have changed: only events that tell of that have it."""
_TOLD = ("model", "registered_", "environment")
"""Inputs that are told otherwise, or are circumstances: a registration also says whether the version was new."""
Event = dict[str, Any]


def event_of(config: Track, digests: Mapping[str, str], read: Callable[[str], Any], project: Path) -> Event:
    """Return the event of a training; `digests` are those of the step's inputs, `read` gives an input's JSON.

    What differs between two runs that came to the same (times, who ran it, whether the version was new) is no part of
    it.
    """
    decisions = {name: read(f"decision_{name}") for name in config.gates}
    datasets = {
        name: {**source, "digest": read(f"report_{name}")["data_digest"]}
        for name, source in config.datasets.items()
    }
    models = {name: read(f"registered_{name}") for name in config.models}
    return {
        "format": FORMAT,
        "project": config.project,
        "experiment": config.experiment,
        "training": config.training,
        "params": {name: _text(value) for name, value in config.params.items()},
        "tags": config.tags,
        "datasets": datasets,
        "gates": {
            name: {"verdict": one["verdict"], "reason": one["reason"]} for name, one in decisions.items()
        },
        "accepted": not any(failed(one) for one in (*decisions.values(), *models.values())),
        "models": {
            name: {"accepted": not failed(one), "stage": one["stage"]} for name, one in models.items()
        },
        "model": {
            "digest": digests["model"],
            "functions": list(config.code),
            "code": _code(config, project),
            **({"trust": list(config.trust)} if config.trust else {}),
        },
        "files": {name: digest for name, digest in digests.items() if not name.startswith(_TOLD)},
    }


def event_id(event: Event) -> str:
    """Return the digest of an event, by which it is known everywhere."""
    return digest_of_bytes(canonical_json(event))


def _code(config: Track, project: Path) -> dict[str, str]:
    """Return the project's files behind the user functions that made the model, with their digests."""
    files: dict[str, str] = {}
    for reference in config.functions():
        files |= closure(project, resolve_reference(reference).module)
    return files


def _text(value: Any) -> str:
    """Return a parameter's value as people read it; a list of words without quotes."""
    match value:
        case str():
            return value
        case bool() | None:
            return str(value).lower() if value is not None else "null"
        case list():
            return ", ".join(_text(item) for item in value)
        case _:
            return str(value)

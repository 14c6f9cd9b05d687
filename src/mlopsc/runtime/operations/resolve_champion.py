"""Resolve the champion: model and profile of the version that holds a stage, or artifacts that say: none."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from mlopsc.runtime.context import Context
from mlopsc.vocabulary.artifacts import NO_MODEL, NO_PROFILE
from mlopsc.vocabulary.operations import ResolveChampion


def run(
    config: ResolveChampion,
    inputs: Mapping[str, Path],  # noqa: ARG001
    outputs: Mapping[str, Path],
    context: Context,
) -> None:
    """Write what is asked for of the champion. Raises StoreError when the store lost it or its bytes changed."""
    nothing = {"champion": NO_MODEL, "profile": NO_PROFILE}
    for port, digest in _digests(config, context).items():
        if digest is None:
            outputs[port].write_bytes(nothing[port])
        else:
            shutil.copyfile(context.store().get_path(digest), outputs[port])


def fingerprint(config: ResolveChampion, context: Context) -> str:
    """Return the digests of what is asked for, `none` for what is not there."""
    return " ".join(digest or "none" for digest in _digests(config, context).values())


def _digests(config: ResolveChampion, context: Context) -> dict[str, str | None]:
    roles = {"champion": "model", "profile": "profile"}
    with context.registry() as registry:
        champion = registry.champion(config.model, config.stage)
    held = {} if champion is None else champion.artifacts
    return {port: held.get(roles[port]) for port in config.output_ports()}

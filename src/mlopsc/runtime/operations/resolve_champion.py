"""Resolve the champion: the model of the version that holds a stage, or an artifact that says: none."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from mlopsc.runtime.context import Context
from mlopsc.vocabulary.artifacts import NO_MODEL
from mlopsc.vocabulary.operations import ResolveChampion


def run(
    config: ResolveChampion,
    inputs: Mapping[str, Path],  # noqa: ARG001
    outputs: Mapping[str, Path],
    context: Context,
) -> None:
    """Write the champion's model. Raises StoreError when the store lost it or its bytes changed."""
    digest = fingerprint(config, context)
    if digest == "none":
        outputs["champion"].write_bytes(NO_MODEL)
    else:
        shutil.copyfile(context.store().get_path(digest), outputs["champion"])


def fingerprint(config: ResolveChampion, context: Context) -> str:
    """Return the digest of the champion's model, `none` without a champion."""
    with context.registry() as registry:
        champion = registry.champion(config.model, config.stage)
    return "none" if champion is None else champion.artifacts["model"]

"""Resolve a model: the one that a version of the registry holds, found by its stage or its number."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from mlopsc.runtime.context import Context
from mlopsc.vocabulary.operations import ResolveModel


def run(
    config: ResolveModel,
    inputs: Mapping[str, Path],  # noqa: ARG001
    outputs: Mapping[str, Path],
    context: Context,
) -> None:
    """Write the model. Raises RegistryError when there is no such version, StoreError when its bytes changed."""
    shutil.copyfile(context.store().get_path(fingerprint(config, context)), outputs["model"])


def fingerprint(config: ResolveModel, context: Context) -> str:
    """Return the digest of the model; raises RegistryError when no version holds the stage or has the number."""
    number = config.version.isascii() and config.version.isdecimal()
    with context.registry() as registry:
        reference = f"{config.model}{'/' if number else '@'}{config.version}"
        return registry.resolve(reference).artifacts["model"]

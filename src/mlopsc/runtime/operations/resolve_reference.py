"""Resolve the reference: the profile that the version holding a stage was registered with."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from mlopsc.diagnostics.errors import RegistryError
from mlopsc.runtime.context import Context
from mlopsc.vocabulary.operations import ResolveReference


def run(
    config: ResolveReference,
    inputs: Mapping[str, Path],  # noqa: ARG001
    outputs: Mapping[str, Path],
    context: Context,
) -> None:
    """Write the profile. Raises RegistryError when no version holds the stage or it carries no profile."""
    digest = fingerprint(config, context)
    if digest == "none":
        raise RegistryError(
            f"there is nothing to compare with: no version of model {config.model!r} that holds stage "
            f"{config.stage!r} has a profile",
            help="run the training pipeline first, or promote a version to this stage",
        )
    shutil.copyfile(context.store().get_path(digest), outputs["profile"])


def fingerprint(config: ResolveReference, context: Context) -> str:
    """Return the digest of the profile, `none` where there is none."""
    with context.registry() as registry:
        champion = registry.champion(config.model, config.stage)
    return "none" if champion is None else champion.artifacts.get("profile", "none")

"""Profile: what a monitor will compare with, the distribution of each feature in the train part."""

from collections.abc import Mapping
from pathlib import Path

from mlopsc.runtime.context import Context
from mlopsc.runtime.drift.computed import counted_table
from mlopsc.runtime.drift.profile import dump_profile, profile_table
from mlopsc.vocabulary.operations import Profile


def run(
    config: Profile,
    inputs: Mapping[str, Path],
    outputs: Mapping[str, Path],
    context: Context,  # noqa: ARG001
) -> None:
    """Write the profile of the features."""
    with counted_table(inputs["train"], config.engine) as table:
        profile = profile_table(table, config.features)
    outputs["profile"].write_bytes(dump_profile(profile))

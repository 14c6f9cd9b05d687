"""Load: a source becomes one Parquet file in the dataset's canonical form."""

from collections.abc import Callable, Mapping
from pathlib import Path

from mlopsc.runtime.context import Context, read_secret
from mlopsc.runtime.sources.opening import fingerprint_source
from mlopsc.runtime.sources.remote.reach import Reach
from mlopsc.vocabulary.operations import Load


def run(config: Load, inputs: Mapping[str, Path], outputs: Mapping[str, Path], context: Context) -> None:  # noqa: ARG001
    """Write the dataset. Raises MlopscError when the source is missing, malformed or not of the declared types."""
    from mlopsc.runtime.sources.load import load_source

    rows = load_source(
        config.source,
        config.columns,
        project=context.project,
        out=outputs["data"],
        timezone=config.timezone,
        event_time=config.event_time,
        primary_key=config.primary_key,
        secrets=_secrets(config, context),
        reach=Reach.of(config.allow_hosts),
        seen=context.seen,
        threads=context.threads,
        rejected=outputs.get("rejected"),
    )
    print(f"{config.dataset}: {rows} rows")


def fingerprint(config: Load, context: Context) -> str | None:
    """Return the digest of the source's bytes, None for a function."""
    return fingerprint_source(
        config.source,
        project=context.project,
        secrets=_secrets(config, context),
        reach=Reach.of(config.allow_hosts),
        seen=context.seen,
    )


def _secrets(config: Load, context: Context) -> Callable[[str], str]:
    return lambda name: read_secret(name, config.secrets, context.project)

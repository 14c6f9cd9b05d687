"""Which steps of a pipeline a run is about, and which of them it runs whatever the cache holds."""

from dataclasses import dataclass

from mlopsc.diagnostics.errors import UsageError
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.plan.graph import ancestors
from mlopsc.plan.plan import Pipeline


@dataclass(frozen=True)
class Choice:
    """`steps` are looked at; those of them in `forced` run for the reason given there."""

    steps: frozenset[str]
    forced: dict[str, str]
    only: str | None = None


def choose(
    pipeline: Pipeline, *, no_cache: bool = False, start: str | None = None, only: str | None = None
) -> Choice:
    """Return the choice that `--no-cache`, `--from START` and `--only STEP` make; raises UsageError."""
    names = frozenset(step.name for step in pipeline.steps)
    for name in (start, only):
        if name is not None and name not in names:
            raise UsageError(
                f"pipeline '{pipeline.name}' has no step '{name}'",
                help=did_you_mean(name, names) or "`mlopsc run --local --dry-run` lists its steps",
            )
    if only is not None:
        return Choice(ancestors(pipeline.steps, only) | {only}, {only: "asked for by --only"}, only)
    forced = dict.fromkeys(names, "the cache is switched off") if no_cache else {}
    if start is not None:
        forced |= {
            step.name: f"asked for by --from {start}"
            for step in pipeline.steps
            if step.name == start or start in ancestors(pipeline.steps, step.name)
        }
    return Choice(names, forced)

"""Which steps of a pipeline a run is about, and which of them it runs whatever the cache holds."""

from collections.abc import Mapping
from dataclasses import dataclass

from mlopsc.diagnostics.errors import UsageError
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.plan.plan import Pipeline, Step


@dataclass(frozen=True)
class Choice:
    """`steps` are looked at; those of them in `forced` run for the reason given there."""

    steps: frozenset[str]
    forced: Mapping[str, str]
    only: str | None = None
    """The one step that may run: what it needs must have results."""

    def of(self, pipeline: Pipeline) -> tuple[Step, ...]:
        """Return the steps that are looked at, each after those that it needs."""
        return tuple(step for step in pipeline.steps if step.name in self.steps)


def choose(
    pipeline: Pipeline, *, no_cache: bool = False, start: str | None = None, only: str | None = None
) -> Choice:
    """Return the choice that `--no-cache`, `--from START` and `--only ONLY` make.

    Raises UsageError for an unknown step, and for `start` together with `only`.
    """
    names = frozenset(step.name for step in pipeline.steps)
    for name in (start, only):
        if name is not None and name not in names:
            raise UsageError(
                f"pipeline '{pipeline.name}' has no step '{name}'",
                help=did_you_mean(name, names) or "`mlopsc run --local --dry-run` lists its steps",
            )
    if only is not None:
        if start is not None:
            raise UsageError("--from and --only exclude each other")
        return Choice(_needed_by(pipeline, only), {only: "asked for by --only"}, only)
    forced = dict.fromkeys(names, "the cache is switched off") if no_cache else {}
    if start is not None:
        forced |= dict.fromkeys(_depending_on(pipeline, start), f"asked for by --from {start}")
    return Choice(names, forced)


def needs(step: Step) -> frozenset[str]:
    """Return the names of the steps that must have succeeded before a step."""
    return frozenset((*(artifact.step for artifact in step.inputs.values()), *step.after))


def _needed_by(pipeline: Pipeline, name: str) -> frozenset[str]:
    found = {name}
    for step in reversed(pipeline.steps):  # what a step needs stands before it
        if step.name in found:
            found |= needs(step)
    return frozenset(found)


def _depending_on(pipeline: Pipeline, name: str) -> frozenset[str]:
    found = {name}
    for step in pipeline.steps:
        if not found.isdisjoint(needs(step)):
            found.add(step.name)
    return frozenset(found)

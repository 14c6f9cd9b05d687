"""The head of the page, the steps, and what went wrong."""

from collections.abc import Iterator

from mlopsc.history import Recorded
from mlopsc.reporting.facts import Facts
from mlopsc.reporting.sections import Fact, StepRow, Trouble
from mlopsc.reporting.statuses import status
from mlopsc.reporting.words import moment, plural, short_digest, shown, took
from mlopsc.runtime.journal import StepRun

_ENDED_BADLY = ("failed", "refused")


def verdict(recorded: Recorded) -> str:
    """Return in one line what the run came to."""
    counted: dict[str, int] = {}
    for step in recorded.steps:
        counted[step.status] = counted.get(step.status, 0) + 1
    return f"{plural(len(recorded.steps), 'step')}: " + ", ".join(
        f"{n} {word}" for word, n in counted.items()
    )


def head_facts(facts: Facts) -> tuple[Fact, ...]:
    """Return who, when and where."""
    run, plan = facts.recorded.run, facts.recorded.plan
    found = [Fact("Run", run.id), Fact("Started", moment(run.started))]
    if run.ended is not None:
        found.append(Fact("Took", took((run.ended - run.started).total_seconds())))
    for actor in _actors(facts):
        found.append(Fact("By", actor))
    found += [Fact("On", run.host), Fact("Spec", str(facts.project / run.spec))]
    if run.environment or (plan is not None and plan.environment):
        found.append(Fact("Environment", run.environment or (plan.environment if plan else None) or ""))
    if run.exit_code is not None:
        found.append(Fact("Exit status", str(run.exit_code)))
    return tuple(found)


def _actors(facts: Facts) -> list[str]:
    """Return who registered what this run made: the journal itself does not keep who ran it."""
    run = facts.recorded.run.id
    versions = [model.version for model in facts.models if model.version is not None]
    return sorted({version.actor for version in versions if version.run == run})


def notes(facts: Facts) -> tuple[str, ...]:
    """Return what a reader has to know of the page itself."""
    found = []
    run = facts.recorded.run
    if run.status == "running":
        found.append(
            "The run was still going on when this page was written: it shows what was there by then."
        )
    if run.status == "crashed":
        found.append(
            "The process that ran it is gone. What had finished is kept: `mlopsc resume` goes on from there."
        )
    if facts.recorded.plan is None:
        found.append("The run recorded no plan: its graph and the places of its steps are not known.")
    for (step, port), why in facts.unread.items():
        found.append(f"{step}.{port} cannot be shown: {why}")
    return tuple(found)


def step_rows(facts: Facts) -> tuple[StepRow, ...]:
    """Return the lines of the steps' table."""
    return tuple(_row(facts, place, step) for place, step in enumerate(facts.recorded.steps))


def _row(facts: Facts, place: int, step: StepRun) -> StepRow:
    planned = facts.plan_steps.get(step.name)
    return StepRow(
        name=step.name,
        anchor=f"step-{place}",
        operation=step.operation.replace("_", " "),
        status=status(step.status),
        started="" if step.started is None else f"{step.started:%H:%M:%S}",
        took=took(step.seconds),
        reason=(step.error or "").partition("\n")[0],
        source="" if planned is None else str(planned.source),
        outputs=tuple(Fact(port, short_digest(digest), digest) for port, digest in step.outputs.items()),
        log=facts.logs.get(step.name),
    )


def troubles(facts: Facts) -> Iterator[Trouble]:
    """Yield the steps that failed or were refused."""
    for place, step in enumerate(facts.recorded.steps):
        if step.status in _ENDED_BADLY:
            planned = facts.plan_steps.get(step.name)
            first, _, rest = (step.error or "no reason was recorded").partition("\n")
            source = "" if planned is None else str(planned.source)
            log = facts.logs.get(step.name) if step.status == "failed" else None
            yield Trouble(step.name, f"step-{place}", status(step.status), first, rest, source, log)


def parameters(recorded: Recorded) -> tuple[Fact, ...]:
    """Return the run's parameters."""
    return tuple(Fact(name, shown(value)) for name, value in recorded.run.parameters.items())

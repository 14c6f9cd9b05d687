"""The head of the page, the steps, and what went wrong."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from mlopsc.history import Recorded
from mlopsc.pages.sections import Fact, StepRow, Trouble
from mlopsc.pages.statuses import status
from mlopsc.pages.words import moment, number, plural, short_digest, shown, took
from mlopsc.plan.fans import FanOut, counted, fan_outs, merged
from mlopsc.reporting.facts import Facts
from mlopsc.runtime.journal import StepRun
from mlopsc.searched import is_chosen, trial_steps

_ENDED_BADLY = ("failed", "refused")


def verdict(recorded: Recorded) -> str:
    """Return in one line what the run came to."""
    words: dict[str, int] = {}
    for step in recorded.steps:
        words[step.status] = words.get(step.status, 0) + 1
    return f"{plural(len(recorded.steps), 'step')}: " + ", ".join(f"{n} {word}" for word, n in words.items())


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
    """Return the lines of the steps' table; a fan-out is one, which holds those of its members."""
    steps = {step.name: step for step in facts.recorded.steps}
    best = dict(_best(facts))

    def together(fan: FanOut, rows: Sequence[StepRow]) -> StepRow:
        members = [steps[row.name] for row in rows]
        word, counts = counted([one.status for one in members])
        chosen = next((f"best is {row.name}, {best[row.name]}" for row in rows if row.name in best), None)
        seconds = [one.seconds for one in members if one.seconds is not None]
        return StepRow(
            name=fan.title,
            anchor=f"all-{rows[0].anchor}",
            operation=rows[0].operation,
            status=status(word),
            started=_clock(min((one.started for one in members if one.started is not None), default=None)),
            took=took(sum(seconds) if seconds else None),
            reason="; ".join(filter(None, (counts or f"{len(members)} {word}", chosen))),
            source=rows[0].source,
            members=tuple(rows),
        )

    rows = (_row(facts, place, step) for place, step in enumerate(facts.recorded.steps))
    return tuple(merged(rows, fan_outs(facts.plan_steps.values()).values(), together))


def _best(facts: Facts) -> Iterator[tuple[str, str]]:
    """Yield the trials that were chosen, each with its score."""
    for name, found in facts.of("collect_trials", "trials"):
        for trial, one in zip(trial_steps(name, facts.plan_steps), found["trials"], strict=False):
            if is_chosen(one, found):
                yield trial, f"{found['metric']} {number(one['mean'])}"


def _row(facts: Facts, place: int, step: StepRun) -> StepRow:
    planned = facts.plan_steps.get(step.name)
    return StepRow(
        name=step.name,
        anchor=f"step-{place}",
        operation=step.operation.replace("_", " "),
        status=status(step.status),
        started=_clock(step.started),
        took=took(step.seconds),
        reason=(step.error or "").partition("\n")[0],
        source="" if planned is None else str(planned.source),
        outputs=tuple(Fact(port, short_digest(digest), digest) for port, digest in step.outputs.items()),
        log=facts.logs.get(step.name),
    )


def _clock(time: datetime | None) -> str:
    return "" if time is None else f"{time:%H:%M:%S}"


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

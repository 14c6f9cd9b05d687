"""`mlopsc gates`: what the gates of today's spec say of runs that are over."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

from mlopsc import building, replaying
from mlopsc.cli import output
from mlopsc.cli.options import DEFAULT, Debug, Environment, Json, Spec, Variables, existing, new_app, pairs
from mlopsc.cli.progress import STYLES
from mlopsc.cli.times import stamp
from mlopsc.replaying import Replayed, ReplayedRun
from mlopsc.runtime.decisions import Decision, failed, number

app = new_app()


@app.callback()
def gates() -> None:
    """Judge recorded runs again by the gates that the spec has now."""


@app.command()
def replay(
    spec: Spec = DEFAULT,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="DATE|DURATION|RUN",
            help="Runs from a date (2026-03-01), a time back (30d) or a run on; without it, all.",
        ),
    ] = None,
    gate: Annotated[
        list[str] | None, typer.Option("--gate", metavar="NAME", help="Only this gate; repeatable.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="List also the decisions that would be the same.")
    ] = False,
    environment: Environment = None,
    var: Variables = None,
    json: Json = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """Judge recorded training runs again, by the gates and thresholds that the spec has now, and say what would change.

    Local runs are in the project's journal; what runs elsewhere came to, on Prefect or Kubeflow, is in the registry.
    Nothing is trained, measured, written or registered: gates look again at what the runs left in the store. What is
    gone is told and counted apart. Exit status 0, whatever would change; 1 when the spec has faults.
    """
    path = existing(spec)
    build = building.build_plan(path, environment=environment, variables=pairs(var, "--var"), target="local")
    project = path.resolve().parent
    begin = None if since is None else replaying.moment(project, since)
    found = replaying.replay(project, build.plan, since=begin, gates=gate or ())
    if json:
        output.json_object(_document(found, begin))
    else:
        _show(found, begin, every=every)


def _show(runs: Sequence[ReplayedRun], since: datetime | None, *, every: bool) -> None:
    if not runs:
        output.say(f"no recorded run{_since(since)} came to a gate")
        return
    told = [(run, one) for run in runs for one in run.gates]
    rows = [_row(run, one) for run, one in told if one.trouble is None and (every or one.changed)]
    if rows:
        output.title("Every decision" if every else "What would be decided otherwise")
        head = ["run", "gate", "number", "threshold then", "now", "verdict then", "now"]
        output.table(head, rows, right=(2,), styles=STYLES)
    output.title("Gates")
    output.table(["gate", "runs", "no then", "no now", "not known"], _by_gate(runs), right=(1, 2, 3, 4))
    unknown = [(run, one) for run, one in told if one.trouble is not None]
    if unknown:
        output.title("What cannot be judged again")
        output.table(["run", "gate", "why"], [[run.run, one.gate, str(one.trouble)] for run, one in unknown])
    output.say()
    output.say(_closing(runs, since))


def _row(run: ReplayedRun, one: Replayed) -> list[str]:
    now, then = one.now or {}, one.then or {}
    return [
        run.run,
        one.gate,
        _number(now),
        _thresholds(then),
        _thresholds(now),
        str(then.get("verdict", "none")),
        str(now.get("verdict")),
    ]


def _number(decision: Mapping[str, Any]) -> str:
    observed = decision.get("observed")
    return "" if observed is None else number(observed)


def _thresholds(decision: Mapping[str, Any]) -> str:
    return ", ".join(_flat(decision.get("threshold", {})))


def _flat(threshold: Mapping[str, Any], prefix: str = "") -> list[str]:
    parts: list[str] = []
    for name, value in threshold.items():
        match value:
            case None:
                continue
            case Mapping():
                parts += _flat(value, f"{prefix}{name}.")
            case bool() | str():
                parts.append(f"{prefix}{name} {value}")
            case int() | float():
                parts.append(f"{prefix}{name} {number(value)}")
            case _:
                parts.append(f"{prefix}{name} {' to '.join(map(str, value))}")
    return parts


def _by_gate(runs: Sequence[ReplayedRun]) -> list[list[str]]:
    names = dict.fromkeys(one.gate for run in runs for one in run.gates)
    rows = []
    for name in names:
        own = [one for run in runs for one in run.gates if one.gate == name]
        no = [sum(said is not None and failed(said) for said in each) for each in _sides(own)]
        rows.append([name, *map(str, (len(own), *no, sum(one.now is None for one in own)))])
    return rows


def _sides(own: Sequence[Replayed]) -> tuple[list[Decision | None], list[Decision | None]]:
    return [one.then for one in own], [one.now for one in own]


def _closing(runs: Sequence[ReplayedRun], since: datetime | None) -> str:
    blocked = sum(run.blocked_now is True for run in runs)
    before = sum(run.blocked_then for run in runs)
    unknown = sum(run.blocked_now is None for run in runs)
    which = f"the {len(runs)} runs{_since(since)}" if since else f"the last {len(runs)}"
    text = (
        f"would have blocked {blocked} of {which}; {before} {'was' if before == 1 else 'were'} blocked then"
    )
    return text + (f"; of {unknown} it is not known" if unknown else "")


def _since(since: datetime | None) -> str:
    return "" if since is None else f" since {stamp(since)}"


def _document(runs: Sequence[ReplayedRun], since: datetime | None) -> dict[str, Any]:
    return {
        "since": None if since is None else since.isoformat(),
        "runs": len(runs),
        "blocked_then": sum(run.blocked_then for run in runs),
        "blocked_now": sum(run.blocked_now is True for run in runs),
        "not_known": sum(run.blocked_now is None for run in runs),
        "replayed": [
            {
                "run": run.run,
                "started": run.started.isoformat(),
                "status": run.status,
                "blocked_then": run.blocked_then,
                "blocked_now": run.blocked_now,
                "gates": [
                    {
                        "gate": one.gate,
                        "blocks": one.blocks,
                        "changed": one.changed,
                        "then": one.then,
                        "now": one.now,
                        "trouble": one.trouble,
                    }
                    for one in run.gates
                ],
            }
            for run in runs
        ],
    }

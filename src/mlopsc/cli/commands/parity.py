"""`mlopsc parity`: do the targets agree?"""

from typing import Annotated, Any

import typer

from mlopsc import building
from mlopsc.cli import output
from mlopsc.cli.options import (
    DEFAULT,
    Debug,
    Environment,
    Json,
    Parameters,
    Spec,
    Variables,
    existing,
    new_app,
    pairs,
)
from mlopsc.diagnostics.errors import UsageError
from mlopsc.parity import Comparison, TargetRuns, comparable, compare, run_target
from mlopsc.vocabulary.predicting import INPUT

app = new_app()

DIFFERENT = 5
"""Exit status when the targets made different things."""
CRASHED = 4


@app.command()
def parity(
    spec: Spec = DEFAULT,
    targets: Annotated[
        str, typer.Option("--targets", metavar="A,B,…", help="The targets to compare, with commas.")
    ] = "local,prefect,kfp",
    environment: Environment = None,
    var: Variables = None,
    set: Parameters = None,
    json: Json = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """Run a spec on several targets, each from scratch, and compare every artifact and every decision.

    Exit status 0 when all are equal, 5 when some differ, 4 when a step crashed.
    """
    path = existing(spec)
    names = list(dict.fromkeys(name.strip() for name in targets.split(",") if name.strip()))
    if len(names) < 2:
        raise UsageError("parity compares targets: expected at least two, such as --targets local,kfp")
    for name in names:
        building.runner(name)
    compiled = building.check_spec(
        path, environment=environment, variables=pairs(var, "--var"), targets=names
    )
    given = pairs(set, "--set")
    whole = compiled.require()
    plan = comparable(whole, given)
    output.diagnostics(compiled.diagnostics)
    for pipeline in whole.pipelines:
        if pipeline not in plan.pipelines:
            output.tell(f"leaving out {pipeline.name}, which needs rows: --set {INPUT}=FILE")
    runs = [run_target(plan, path, name, given, on_pipeline=None if json else _tell) for name in names]
    found = compare(plan, runs)
    different = [one for one in found if not one.equal]
    crashed = any(result.status in ("failed", "cancelled") for one in runs for result in one.results)
    if json:
        output.json_object(_object(runs, found))
    else:
        _show(names, runs, found)
    if crashed or different:
        raise typer.Exit(CRASHED if crashed else DIFFERENT)


def _tell(target: str, pipeline: str) -> None:
    output.tell(f"running {pipeline} on {target}")


def _object(runs: list[TargetRuns], found: list[Comparison]) -> dict[str, Any]:
    return {
        "equal": all(one.equal for one in found),
        "targets": {one.target: {result.pipeline: result.status for result in one.results} for one in runs},
        "artifacts": [
            {
                "pipeline": one.place[0],
                "step": one.place[1],
                "port": one.place[2],
                "equal": one.equal,
                "digests": dict(one.digests),
                "verdicts": dict(one.verdicts) if any(one.verdicts.values()) else None,
            }
            for one in found
        ],
    }


def _show(names: list[str], runs: list[TargetRuns], found: list[Comparison]) -> None:
    output.title("Artifacts")
    rows = [
        [
            one.place[0],
            f"{one.place[1]}.{one.place[2]}",
            *(_cell(one, name) for name in names),
            "equal" if one.equal else "different",
        ]
        for one in found
    ]
    output.table(["pipeline", "artifact", *names, ""], rows, styles={"equal": "green", "different": "red"})
    for run in runs:
        for result in run.results:
            for step in result.steps:
                if step.status == "failed":
                    output.error(f"{run.target}: step {step.name} failed: {step.reason}")
    output.say()
    equal = sum(one.equal for one in found)
    output.say(f"{equal} of {len(found)} artifacts are equal on {', '.join(names)}")


def _cell(one: Comparison, name: str) -> str:
    digest, verdict = one.digests[name], one.verdicts[name]
    short = "none" if digest is None else digest.removeprefix("sha256:")[:10]
    return f"{short} {verdict}" if verdict else short

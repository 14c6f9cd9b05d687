"""`mlopsc features`: the online store of features (fill, list, read, forget), and views as files."""

import json as json_text
import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from mlopsc import building, running
from mlopsc.cli import output
from mlopsc.cli.execute import execute, watched
from mlopsc.cli.options import (
    DEFAULT,
    Debug,
    Environment,
    Json,
    NoCache,
    Parameters,
    SpecOption,
    Target,
    Variables,
    existing,
    new_app,
    pairs,
)
from mlopsc.cli.report import troubles
from mlopsc.cli.times import stamp
from mlopsc.diagnostics.errors import UsageError
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.plan.plan import Plan
from mlopsc.summary import summarize
from mlopsc.targets import RunRequest
from mlopsc.vocabulary.online import UNTIL
from mlopsc.vocabulary.parameters import NOW, PARAMETER_VARIABLE
from mlopsc.vocabulary.time import format_timestamp, parse_timestamp

app = new_app()

Views = Annotated[
    list[str] | None, typer.Argument(metavar="[VIEW]...", help="Views that are joined at a point in time.")
]


@app.callback()
def features() -> None:
    """Serve the features that training uses: the latest values by entity, in the online store."""


@app.command()
def materialize(
    views: Views = None,
    until: Annotated[
        str | None,
        typer.Option(
            "--until", metavar="TIME", help="Serve what is known at this instant; now when left out."
        ),
    ] = None,
    spec: SpecOption = DEFAULT,
    target: Target = None,
    environment: Environment = None,
    var: Variables = None,
    set: Parameters = None,
    no_cache: NoCache = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Bring views' values into the online store, all views unless some are named.

    Each entity gets what the point-in-time join would give it at the instant. Readers see all old values of a view or
    all new ones. Exit status 4 when a step fails, 5 when a dataset fails its checks.
    """
    path, on = existing(spec), target or "local"
    build = building.build_plan(
        path, environment=environment, variables=pairs(var, "--var"), target=on, serving=True
    )
    output.diagnostics(build.diagnostics)
    given = pairs(set, "--set")
    if UNTIL in given:
        raise UsageError(f"--set {UNTIL}: --until says it", help="leave one out")
    # As a pod's variable, where it is one; else the clock.
    moment = until or os.environ.get(f"{PARAMETER_VARIABLE}{UNTIL}", NOW)
    request = _request(build.plan, path, views or (), {UNTIL: moment} | given)
    summary = execute(request, target=on, no_cache=no_cache, json=json, debug=debug)
    raise typer.Exit(summary.exit_code)


@app.command()
def export(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="The folder to write to.")],
    views: Views = None,
    spec: SpecOption = DEFAULT,
    environment: Environment = None,
    var: Variables = None,
    set: Parameters = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Write views as Parquet files, DIR/VIEW.parquet, for what joins by itself: Feast, or another engine.

    A file holds the keys by the entities' names, `event_timestamp`, and the view's columns; ties are settled. Exit
    status 4 when a step fails, 5 when a dataset fails its checks.
    """
    from mlopsc.exporting import tables_request, write_views

    path = existing(spec)
    build = building.build_plan(
        path, environment=environment, variables=pairs(var, "--var"), target="local", serving=True
    )
    output.diagnostics(build.diagnostics)
    request = _request(build.plan, path, views or (), {UNTIL: NOW} | pairs(set, "--set"))
    tables = tables_request(request)
    result = watched(tables, quiet=json)
    summary = summarize(result, tables)
    troubles(summary, debug=debug)
    if summary.exit_code:
        raise typer.Exit(summary.exit_code)
    written = write_views(request, result, out)
    if json:
        output.json_object(
            {"views": {one.view: {"path": str(one.path), "rows": one.rows} for one in written}}
        )
        return
    output.table(
        ["view", "rows", "file"], [[one.view, str(one.rows), str(one.path)] for one in written], right=(1,)
    )


@app.command("list")
def list_views(
    spec: SpecOption = DEFAULT,
    environment: Environment = None,
    var: Variables = None,
    json: Json = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """List the views in the online store: how many entities, as of when, and the trainings that are served."""
    project, store, declared = _store(spec, environment, var)
    with closing(store):
        states = store.states(project)
        trainings = sorted(store.trainings(project)) if states else []
    if json:
        output.json_object(
            {
                "project": project,
                "views": {
                    state.view: {
                        "entities": state.rows,
                        "as_of": format_timestamp(state.until),
                        "entity": list(state.keys),
                        "columns": list(state.columns),
                        "declared": state.view in declared,
                    }
                    for state in states
                },
                "trainings": trainings,
            }
        )
        return
    if not states:
        output.say(f"the online store holds nothing of {project}: mlopsc features materialize")
        return
    rows = [
        [
            state.view,
            str(state.rows),
            stamp(state.until),
            ", ".join(state.keys),
            ", ".join(state.columns)
            if state.view in declared
            else "no longer declared: mlopsc features forget",
        ]
        for state in states
    ]
    output.table(["view", "entities", "as of (UTC)", "entity", "columns"], rows, right=(1,))
    output.say(f"  trainings: {', '.join(trainings)}")


@app.command()
def get(
    what: Annotated[str, typer.Argument(metavar="TRAINING|VIEW", help="A training, or a view.")],
    entity: Annotated[
        list[str],
        typer.Argument(metavar="NAME=VALUE...", help="The entity: keys, and features of the request."),
    ],
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="TIME", help="The instant of the request; now when left out."),
    ] = None,
    spec: SpecOption = DEFAULT,
    environment: Environment = None,
    json: Json = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """Read the features of one entity from the online store.

    A VALUE is read as JSON where it is some, else as text: 5 is a number, "5" a text.
    """
    from mlopsc.serving import online_features

    path = existing(spec)
    _, store, declared = _store(spec, environment, None)
    store.close()
    try:
        moment = None if at is None else parse_timestamp(at)
    except ValueError as error:
        raise UsageError(f"--at: {error}") from None
    values = {name: _value(text) for name, text in pairs(entity, "NAME=VALUE").items()}
    wanted: str | list[str] = [what] if what in declared else what
    found = online_features(wanted, values, at=moment, project=path, environment=environment)
    row = {name: _plain(value) for name, value in found[0].items()}
    if json:
        output.json_object(
            {"features": row, "as_of": {view: format_timestamp(when) for view, when in found.as_of.items()}}
        )
        return
    output.pairs([(name, "null" if value is None else str(value)) for name, value in row.items()])
    for view, when in found.as_of.items():
        output.say(f"  {view} as of {format_timestamp(when)}")


@app.command()
def forget(
    views: Annotated[list[str], typer.Argument(metavar="VIEW...", help="Views in the online store.")],
    spec: SpecOption = DEFAULT,
    environment: Environment = None,
    var: Variables = None,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """Remove views from the online store; materializing brings them back."""
    project, store, _ = _store(spec, environment, var)
    with closing(store):
        known = [state.view for state in store.states(project)]
        for view in views:
            if view not in known:
                help = did_you_mean(view, known, noun="it holds:")
                raise UsageError(f"the online store holds no view {view!r} of {project}", help=help)
        store.forget(project, views)
    output.say(f"removed {', '.join(views)}")


def _request(plan: Plan, path: Path, views: Sequence[str], parameters: Mapping[str, str]) -> RunRequest:
    """Return the request to run the pipeline's part for these views."""
    pipeline = running.find_materialize(plan, views)
    others = tuple(pipeline if one.name == pipeline.name else one for one in plan.pipelines)
    own = plan.model_copy(update={"pipelines": others})
    return running.make_request(own, path, pipeline.name, parameters)


def _store(spec: Path, environment: str | None, var: list[str] | None) -> tuple[str, Any, set[str]]:
    """Return the project's name, its online store, and the timed views that the spec declares."""
    from mlopsc.serving import opened_store
    from mlopsc.spec.features import TimedView

    path = existing(spec)
    read = running.project_spec(path, environment=environment, variables=pairs(var, "--var"))
    assert read is not None, "the file exists"
    project, store = opened_store(path, read)
    return (
        project,
        store,
        {n for n, view in read.features.items() if view is None or isinstance(view, TimedView)},
    )


def _value(text: str) -> Any:
    try:
        return json_text.loads(text)
    except ValueError:
        return text


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return format_timestamp(value.astimezone(UTC))
        case date() | time():
            return value.isoformat()
        case Decimal() | bytes():
            return str(value)
        case float() if value != value or value in (float("inf"), float("-inf")):
            return str(value)
        case list() | tuple():
            return [_plain(one) for one in value]
        case dict():
            return {name: _plain(one) for name, one in value.items()}
        case _:
            return value

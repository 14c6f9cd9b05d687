"""`mlopsc init`: a spec from a file of data."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlopsc.cli import output
from mlopsc.cli.options import DEFAULT, CsvEncoding, Debug, Json, KeyColumns, TimeColumn, new_app

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlopsc.plan.result import RunResult
    from mlopsc.starting.begin import Begun
    from mlopsc.starting.draft import Draft
    from mlopsc.targets import RunRequest

app = new_app()


class Task(StrEnum):
    """What a label of numbers is."""

    classification = "classification"
    regression = "regression"


@app.command()
def init(
    from_: Annotated[
        str,
        typer.Option("--from", metavar="FILE", help="CSV, JSON lines or Parquet: a path, a glob or a URL."),
    ],
    label: Annotated[str, typer.Option("--label", metavar="COLUMN", help="The column to predict.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="PATH", help="The spec to write, or its folder.")
    ] = DEFAULT,
    key: KeyColumns = None,
    time: TimeColumn = None,
    task: Annotated[
        Task | None, typer.Option("--task", help="What a label of numbers is, where it is not evident.")
    ] = None,
    encoding: CsvEncoding = None,
    copy: Annotated[
        bool | None,
        typer.Option(
            "--copy/--no-copy",
            help="Copy data from outside the folder into data/, or leave them; by default up to 100 MB are copied.",
        ),
    ] = None,
    no_run: Annotated[
        bool, typer.Option("--no-run", help="Write the spec; measure and run nothing.")
    ] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Write a working spec for a file of data and run it: contract, features, training, gates, registry, monitor.

    What the file shows is not asked for: types, null values, keys, event time, columns that give the label away.
    """
    from mlopsc.starting.begin import begin
    from mlopsc.starting.proposal import Wishes

    begun = begin(
        from_,
        label,
        out / DEFAULT if out.is_dir() or not out.suffix else out,
        wishes=Wishes(tuple(key or ()), time, None if task is None else task is Task.regression),
        encoding=None if encoding is None else encoding.value,
        copy=copy,
        run=None if no_run else lambda request: _measure(request, quiet=json),
        told=None if json else _tell,
    )
    summary = None if no_run else _run(begun, json=json, debug=debug)
    if json:
        output.json_object(_object(begun) | {"run": summary.to_dict() if summary else None})
    else:
        _say(begun, registered=summary.registered if summary and summary.status == "succeeded" else {})
    if summary is not None:
        raise typer.Exit(summary.exit_code)


def _measure(request: "RunRequest", *, quiet: bool) -> "RunResult":
    """Run with progress; who stops it finds everything as it was."""
    from dataclasses import replace

    from mlopsc import running
    from mlopsc.cli.progress import progress

    try:
        with progress(request.pipeline.steps, quiet=quiet) as listener:
            return running.carry_out(replace(request, on_start=listener.started, on_step=listener.ended))
    except KeyboardInterrupt:
        output.tell("stopped; nothing was written")
        raise


def _tell(draft: "Draft") -> None:
    kinds = {"binary": "which of two classes", "classes": "which class", "number": "which number"}
    size = f"{draft.data.rows:,} rows, {draft.data.width} columns"
    output.tell(f"{draft.data.origin.written}: {size}; predicts {kinds[draft.task]} {draft.label.name} is")
    for one in draft.left_out:
        output.tell(f"  left out {', '.join(one.columns)}: {one.reason}")
    output.tell("")


def _run(begun: "Begun", *, json: bool, debug: bool) -> Any:
    """Run the spec for real: what was measured comes from the cache."""
    from mlopsc import building, running
    from mlopsc.cli.execute import watched
    from mlopsc.cli.report import show, troubles
    from mlopsc.summary import summarize

    build = building.build_plan(begun.spec, target="local")
    request = running.make_request(build.plan, begun.spec, running.TRAIN, {})
    summary = summarize(watched(request, quiet=True), request)
    if json:
        troubles(summary, debug=debug)
    else:
        show(summary, debug=debug)
    return summary


def _say(begun: "Begun", *, registered: "Mapping[str, Mapping[str, Any]]") -> None:
    from mlopsc.starting.naming import monitor_name
    from mlopsc.starting.spec_text import no_better_than_chance

    if begun.measured is not None and no_better_than_chance(begun.draft, begun.measured):
        output.warning(
            f"{begun.draft.metric} is {begun.measured.value:.3g}, no better than chance: "
            "its columns tell nothing of the label, or the split is of no use"
        )
    output.title(f"Begun: {begun.spec}")
    if begun.copied is not None:
        output.say(f"  {begun.draft.data.origin.written} was copied to {begun.copied}")
    model, spec = begun.draft.training, "" if begun.spec == DEFAULT else f" {begun.spec}"
    output.say("  read it, change what you know better, then:")
    at = "" if begun.spec == DEFAULT else f" --spec {begun.spec}"
    then = [f"mlopsc validate{spec}", f"mlopsc run{spec}"]
    if model in registered:
        version = f"{model}/{registered[model]['version']}"
        then = [
            f"mlopsc monitor {monitor_name(model)}{spec}",
            f"mlopsc registry promote {version} --to production{at}",
        ]
    for step in then:
        output.say(f"  $ {step}")


def _object(begun: "Begun") -> dict[str, Any]:
    draft = begun.draft
    return {
        "spec": str(begun.spec),
        "files": [str(path) for path in begun.files],
        "rows": draft.data.rows,
        "label": draft.label.name,
        "task": {"binary": "classification", "classes": "classification", "number": "regression"}[draft.task],
        "primary_key": list(draft.data.primary_key or ()),
        "event_time": draft.data.event_time.name if draft.data.event_time else None,
        "features": list(draft.features),
        "left_out": [{"columns": list(one.columns), "reason": one.reason} for one in draft.left_out],
        "measured": {draft.metric: begun.measured.value} if begun.measured else {},
    }

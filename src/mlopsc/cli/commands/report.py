"""`mlopsc report`: a run as one HTML page."""

from pathlib import Path
from typing import Annotated

import typer

from mlopsc.cli import output
from mlopsc.cli.options import DEFAULT, Debug, Json, Spec, new_app

app = new_app()


@app.command()
def report(
    run: Annotated[
        str | None,
        typer.Argument(metavar="[RUN]", help="The run's id, or enough of it; by default the latest run."),
    ] = None,
    spec: Spec = DEFAULT,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Where to write; by default report-RUN.html here."),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option("--dataset", metavar="NAME", help="Only the checks of this dataset."),
    ] = None,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    json: Json = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """Write a run as one HTML page: its graph, data checks, metrics with plots, gates, registry, drift.

    The page needs nothing else: no network, no script, no file beside it. It holds samples of the data (values that
    failed a check, labels): treat it as you treat the data. Runs of other targets are not in this machine's journal.
    """
    from mlopsc.history import find_run
    from mlopsc.reporting import gather, render, render_dataset
    from mlopsc.runtime.atomic import write_bytes

    project = spec.resolve().parent
    recorded = find_run(project, run)
    facts = gather(recorded, project)
    page = render(facts) if dataset is None else render_dataset(facts, dataset)
    name = f"report-{recorded.run.id}.html" if dataset is None else f"report-{recorded.run.id}-{dataset}.html"
    path = out if out is not None else Path(name)
    write_bytes(path, page.encode())
    if json:
        output.json_object(
            {"run": recorded.run.id, "status": recorded.run.status, "file": str(path.resolve())}
        )
    else:
        output.say(f"wrote {path}: run {recorded.run.id} of {recorded.run.pipeline}, {recorded.run.status}")
    if open_page:
        import webbrowser

        if not webbrowser.open(path.resolve().as_uri()):
            output.warning(f"no browser could be opened; the page is {path}")

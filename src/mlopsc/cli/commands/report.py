"""`mlopsc report`: a run, or one model's evaluation, as an HTML page."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlopsc.cli import output
from mlopsc.cli.options import DEFAULT, Debug, Environment, Json, Spec, new_app
from mlopsc.diagnostics.errors import UsageError

if TYPE_CHECKING:
    from mlopsc.history import Recorded

app = new_app()


@app.command()
def report(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUN|TRAINING|MODEL/VERSION]",
            help="A run's id, or enough of it (the latest by default); a training; a version, also MODEL@STAGE.",
        ),
    ] = None,
    spec: Spec = DEFAULT,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Where to write; by default report-….html here."),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option("--dataset", metavar="NAME", help="Only the checks of this dataset of a run."),
    ] = None,
    environment: Environment = None,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    json: Json = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """Write a run, or one model's evaluation, as an HTML page.

    A run's page shows its graph, data checks, metrics with plots, gates, registry, drift. It holds samples of the data
    (values that failed a check, labels): treat it as you treat the data. Runs of other targets are not in this
    machine's journal.

    The page of a training or a version shows what the model is worth: metrics beside intervals and baselines, gates,
    threshold and costs, slices, plots, explanations, data. Of the data it holds labels, slices and categories alone.

    Either page needs nothing else: no network, no script, no file beside it.
    """
    made = _made(spec, run, dataset, environment)
    path = out if out is not None else Path(f"report-{made.name}.html")
    from mlopsc.runtime.atomic import write_bytes

    write_bytes(path, made.page.encode())
    if json:
        output.json_object({**made.about, "file": str(path.resolve())})
    else:
        output.say(f"wrote {path}: {made.told}")
    if open_page:
        import webbrowser

        if not webbrowser.open(path.resolve().as_uri()):
            output.warning(f"no browser could be opened; the page is {path}")


@dataclass(frozen=True)
class _Made:
    page: str
    name: str
    """What the file is called after."""
    about: dict[str, Any]
    told: str


def _made(spec: Path, given: str | None, dataset: str | None, environment: str | None) -> _Made:
    """Return the page that is asked for."""
    from mlopsc.reporting import (
        gather,
        judged_in_run,
        judged_version,
        render,
        render_dataset,
        render_evaluation,
    )

    project = spec.resolve().parent
    of_version = given is not None and ("/" in given or "@" in given)
    trained = None if of_version else _training_run(project, given)
    if dataset is not None and (of_version or trained is not None):
        raise UsageError("--dataset is for the page of a run", help="leave it out, or name a run")
    if given is not None and of_version:
        from mlopsc.running import project_context

        judged = judged_version(project_context(spec, environment=environment), given)
        about = {"version": judged.name, "training": judged.training}
        told = f"evaluation of {judged.name}, by training {judged.training}"
        return _Made(render_evaluation(judged), judged.name.replace("/", "-"), about, told)
    if given is not None and trained is not None:
        page = render_evaluation(judged_in_run(trained, project, given))
        run = trained.run.id
        return _Made(page, given, {"training": given, "run": run}, f"evaluation of {given} in run {run}")
    recorded = _run(project, given)
    facts, run = gather(recorded, project), recorded.run.id
    page = render(facts) if dataset is None else render_dataset(facts, dataset)
    about = {"run": run, "status": recorded.run.status}
    told = f"run {run} of {recorded.run.pipeline}, {recorded.run.status}"
    return _Made(page, run if dataset is None else f"{run}-{dataset}", about, told)


def _run(project: Path, given: str | None) -> "Recorded":
    from mlopsc.history import find_run

    try:
        return find_run(project, given)
    except UsageError as error:
        if given is None or not given[0].isalpha():
            raise
        raise UsageError(
            f"{error}, nor a training of this name that was evaluated", help=error.help
        ) from None


def _training_run(project: Path, given: str | None) -> "Recorded | None":
    """Return the latest run that evaluated a training of this name; None where it names none."""
    from mlopsc.history import find_run

    if given is None or not given[0].isalpha():
        return None
    try:
        return find_run(project, step=f"evaluate_{given}")
    except UsageError:
        return None

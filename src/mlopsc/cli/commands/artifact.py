"""`mlopsc artifact`: what a step made, on screen or in a file."""

from pathlib import Path
from typing import Annotated

import typer

from mlopsc.cli import output
from mlopsc.cli.options import DEFAULT, Debug, Json, SpecOption, new_app
from mlopsc.diagnostics.errors import StoreError, UsageError
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.history import Recorded, find_run
from mlopsc.runtime.context import Context
from mlopsc.runtime.journal import StepRun

app = new_app()


@app.command()
def artifact(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="[RUN] STEP[.PORT]", help="A step, one of its outputs, and whose (default: the latest)."
        ),
    ],
    spec: SpecOption = DEFAULT,
    rows: Annotated[int, typer.Option("--rows", "-n", min=0, help="How many rows of a table.")] = 10,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Write it; a table also as .csv, .json or .jsonl."),
    ] = None,
    json: Json = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """Show what a step made: a table's head and schema, a report, a model's summary; or write it to a file.

    Without RUN it is the latest run in which the step made something. A step of several outputs lists them.
    """
    if len(what) > 2:
        raise UsageError(f"expected [RUN] STEP[.PORT], found {len(what)} words: {' '.join(what)}")
    named, (name, _, port) = (what[0] if len(what) == 2 else None), what[-1].partition(".")
    project = spec.resolve().parent
    recorded = find_run(project, named, step=name)
    step = recorded.step(name)
    context = recorded.context(project)
    if not named and not json:
        output.tell(
            f"of run {recorded.run.id} of {recorded.run.pipeline}, started {recorded.run.started:%Y-%m-%d %H:%M} UTC"
        )
    if not port and len(step.outputs) > 1:
        if out is not None:
            raise UsageError(
                f"{name} made several artifacts: --out takes one",
                help=f"name one: {', '.join(f'{name}.{one}' for one in sorted(step.outputs))}",
            )
        _list(recorded, step, context, json=json)
        return
    port = port or next(iter(step.outputs), "")
    digest = _digest(recorded, step, port)
    path = _fetched(context, digest, name)
    kind = _kind(recorded, name, port)
    from mlopsc.cli import contents

    if out is not None:
        contents.write(path, kind, out)
        if str(out) != "-":
            output.say(f"{out} written")
    elif json:
        about = {"run": recorded.run.id, "step": name, "port": port, "type": kind, "digest": digest}
        output.json_object(about | {"size": path.stat().st_size, "content": contents.read(path, kind, rows)})
    else:
        output.title(f"{name}.{port}: {kind}, {path.stat().st_size:,} bytes, {digest}")
        contents.show(path, kind, rows, label=name, context=context, digest=digest)


def _digest(recorded: Recorded, step: StepRun, port: str) -> str:
    if port in step.outputs:
        return step.outputs[port]
    if not step.outputs:
        why = f": {step.error.partition(chr(10))[0]}" if step.error else ""
        raise UsageError(
            f"step {step.name} of run {recorded.run.id} made nothing; it is {step.status}{why}",
            help="name another run: `mlopsc runs` lists them",
        )
    raise UsageError(
        f"step {step.name} made no {port!r}", help=did_you_mean(port, step.outputs, noun="it made", limit=20)
    )


def _fetched(context: Context, digest: str, step: str) -> Path:
    try:
        return context.store().get_path(digest)
    except StoreError as error:
        help = f"`mlopsc run --from {step}` makes it anew; `mlopsc doctor` looks for more"
        raise StoreError(str(error), help=help) from error


def _kind(recorded: Recorded, step: str, port: str) -> str:
    return "unknown" if recorded.pipeline is None else recorded.pipeline.step(step).outputs[port]


def _list(recorded: Recorded, step: StepRun, context: Context, *, json: bool) -> None:
    store = context.store()
    found = [
        (port, _kind(recorded, step.name, port), store.size(digest), digest)
        for port, digest in step.outputs.items()
    ]
    if json:
        ports = {port: {"type": kind, "size": size, "digest": digest} for port, kind, size, digest in found}
        output.json_object({"run": recorded.run.id, "step": step.name, "artifacts": ports})
        return
    rows = [
        [f"{step.name}.{port}", kind, "missing" if size is None else f"{size:,}", digest]
        for port, kind, size, digest in found
    ]
    output.table(["artifact", "type", "bytes", "digest"], rows, right=(2,))

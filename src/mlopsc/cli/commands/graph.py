"""`mlopsc graph`: a pipeline as a picture."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

from mlopsc import building, running
from mlopsc.cli import output
from mlopsc.cli.options import DEFAULT, Debug, Environment, Spec, Variables, existing, new_app, pairs
from mlopsc.diagnostics.errors import UsageError
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.history import Recorded, find_run
from mlopsc.plan.plan import Pipeline, Plan

app = new_app()


class Format(StrEnum):
    """What is written."""

    mermaid = "mermaid"
    dot = "dot"
    svg = "svg"
    png = "png"


class Direction(StrEnum):
    """Where arrows lead."""

    down = "down"
    right = "right"


class Theme(StrEnum):
    """Colours of an SVG or PNG."""

    auto = "auto"
    light = "light"
    dark = "dark"


_SUFFIXES = {
    ".mmd": Format.mermaid, ".mermaid": Format.mermaid, ".dot": Format.dot, ".gv": Format.dot,
    ".svg": Format.svg, ".png": Format.png,
}  # fmt: skip


@app.command()
def graph(
    spec: Spec = DEFAULT,
    pipeline: Annotated[
        str | None,
        typer.Option("--pipeline", "-p", metavar="NAME", help="`train` (the default), or a monitor's name."),
    ] = None,
    environment: Environment = None,
    var: Variables = None,
    format: Annotated[
        Format | None,
        typer.Option("--format", help="By default what the suffix of --out says, else mermaid."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="The file to write; `-` is standard output."),
    ] = None,
    status: Annotated[
        bool | None, typer.Option("--status/--no-status", help="Whether the last run's statuses are shown.")
    ] = None,
    run: Annotated[
        str | None, typer.Option("--run", metavar="RUN", help="Draw what this run did, with its statuses.")
    ] = None,
    direction: Annotated[
        Direction | None, typer.Option("--direction", help="Where arrows lead; by default what fits a page.")
    ] = None,
    theme: Annotated[
        Theme, typer.Option("--theme", help="Colours of an SVG or PNG; auto follows the reader.")
    ] = Theme.auto,
    every_arrow: Annotated[
        bool, typer.Option("--every-arrow", help="Draw also the arrows that others imply.")
    ] = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """Draw a pipeline: kinds of steps by shape, trainings in boxes, the statuses of its last run by colour and sign.

    Where nothing ran yet, statuses are left out.
    """
    kind = _format(format, out)
    path = existing(spec)
    if run is not None:
        if status is False or pipeline is not None:
            raise UsageError("--run says which pipeline and statuses: not with --pipeline or --no-status")
        recorded = find_run(path.resolve().parent, run)
        drawn, statuses = _as_run(recorded)
    else:
        plan = building.check_spec(path, environment=environment, variables=pairs(var, "--var")).require()
        drawn = _chosen(plan, pipeline)
        statuses = {} if status is False else _last(path.resolve().parent, drawn, asked=status is True)
    written = _drawn(drawn, statuses, kind, direction=direction, theme=theme, every_arrow=every_arrow)
    _write(written, out)


def _format(given: Format | None, out: Path | None) -> Format:
    if given is not None:
        return given
    if out is None or str(out) == "-":
        return Format.mermaid
    found = _SUFFIXES.get(out.suffix.lower())
    if found is None:
        raise UsageError(
            f"--out {out}: the suffix says no format", help=f"use one of {', '.join(_SUFFIXES)}, or --format"
        )
    return found


def _chosen(plan: Plan, name: str | None) -> Pipeline:
    names = [pipeline.name for pipeline in plan.pipelines]
    if name is None:
        return plan.pipeline(running.TRAIN) if running.TRAIN in names else plan.pipelines[0]
    if name not in names:
        raise UsageError(
            f"{plan.spec} has no pipeline {name!r}", help=did_you_mean(name, names, noun="it has")
        )
    return plan.pipeline(name)


def _as_run(recorded: Recorded) -> tuple[Pipeline, Mapping[str, str]]:
    if recorded.pipeline is None:
        raise UsageError(f"run {recorded.run.id} recorded no plan to draw")
    _tell(recorded)
    return recorded.pipeline, recorded.statuses()


def _last(project: Path, pipeline: Pipeline, *, asked: bool) -> Mapping[str, str]:
    try:
        recorded = find_run(project, pipeline=pipeline.name)
    except UsageError:
        if asked:
            raise
        return {}
    _tell(recorded)
    return recorded.statuses()


def _tell(recorded: Recorded) -> None:
    run = recorded.run
    output.tell(
        f"statuses are those of run {run.id} of {run.pipeline}: {run.status}, started {run.started:%Y-%m-%d %H:%M} UTC"
    )


def _drawn(
    pipeline: Pipeline,
    statuses: Mapping[str, str],
    kind: Format,
    *,
    direction: Direction | None,
    theme: Theme,
    every_arrow: bool,
) -> bytes:
    from mlopsc import drawing

    way: Literal["down", "right"] | None = None if direction is None else direction.value
    match kind:
        case Format.mermaid:
            text = drawing.mermaid(pipeline, statuses, direction=way or "down", every_arrow=every_arrow)
        case Format.dot:
            text = drawing.dot(pipeline, statuses, direction=way or "down", every_arrow=every_arrow)
        case Format.svg | Format.png:
            text = drawing.svg(pipeline, statuses, direction=way, theme=theme.value, every_arrow=every_arrow)
    if kind is not Format.png:
        return text.encode()
    from mlopsc.drawing.as_png import png

    return png(text)


def _write(data: bytes, out: Path | None) -> None:
    if out is None or str(out) == "-":
        output.raw(data)
        return
    from mlopsc.runtime.atomic import write_bytes

    write_bytes(out, data)
    output.say(f"{out} written ({len(data):,} bytes)")

"""`mlopsc validate`: every fault of a spec, each at its place."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mlopsc.building import check_spec
from mlopsc.cli import output
from mlopsc.cli.options import DEFAULT, Debug, Environment, Spec, Variables, existing, new_app, pairs
from mlopsc.compiler.compile import Compiled
from mlopsc.diagnostics.diagnostic import Severity, count
from mlopsc.runtime.tasks import library_version

app = new_app()


class Format(StrEnum):
    """How diagnostics are written."""

    text = "text"
    json = "json"
    sarif = "sarif"


@app.command()
def validate(
    spec: Spec = DEFAULT,
    environment: Environment = None,
    var: Variables = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target", "-t", metavar="NAME", help="Also check what this target can express; repeatable."
        ),
    ] = None,
    format: Annotated[
        Format, typer.Option("--format", help="How the diagnostics are written.")
    ] = Format.text,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on warnings too.")] = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """Check a spec and report every fault in one go, each at its place. Nothing is run."""
    path = existing(spec)
    found = check_spec(path, environment=environment, variables=pairs(var, "--var"), targets=target or ())
    _show(found, path, format)
    warned = strict and any(one.severity is Severity.WARNING for one in found.diagnostics)
    if not found.sound or warned:
        raise typer.Exit(1)


def _show(found: Compiled, path: Path, format: Format) -> None:
    match format:
        case Format.json:
            from mlopsc.diagnostics.render_json import render_json

            output.say(render_json(found.diagnostics))
        case Format.sarif:
            from mlopsc.diagnostics.render_sarif import render_sarif

            output.say(render_sarif(found.diagnostics, version=library_version("mlopsc")))
        case Format.text:
            output.diagnostics(found.diagnostics)
            if found.plan is not None:
                warnings = count(found.diagnostics)
                output.say(
                    f"{path}: {'no errors, ' + warnings if warnings else 'no faults'} ({_contents(found)})"
                )


def _contents(found: Compiled) -> str:
    assert found.plan is not None
    spec, steps = found.analysis.spec, sum(len(pipeline.steps) for pipeline in found.plan.pipelines)
    parts = (
        (len(spec.datasets), "dataset"),
        (len(spec.features), "view"),
        (len(spec.training), "training"),
        (len(spec.gates), "gate"),
        (len(spec.registry), "model"),
        (len(spec.monitors), "monitor"),
        (steps, "step"),
    )
    return ", ".join(f"{number} {word}{'' if number == 1 else 's'}" for number, word in parts if number)

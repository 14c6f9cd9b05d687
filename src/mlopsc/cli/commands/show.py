"""`mlopsc show`: the spec as it is compiled, and where each value was written."""

from typing import Annotated, Any

import typer

from mlopsc.cli import output
from mlopsc.cli.options import DEFAULT, Debug, Environment, Json, Spec, Variables, existing, new_app, pairs
from mlopsc.diagnostics.diagnostic import has_errors
from mlopsc.diagnostics.errors import SpecError, UsageError
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.spec.document import Path
from mlopsc.spec.environments import resolve
from mlopsc.spec.written import Origins, yaml_text
from mlopsc.spec.yaml_load import load_document

app = new_app()


@app.command()
def show(
    spec: Spec = DEFAULT,
    environment: Environment = None,
    var: Variables = None,
    resolved: Annotated[
        bool, typer.Option("--resolved/--as-written", help="After environments and variables, or before.")
    ] = True,
    origin: Annotated[
        bool, typer.Option("--origin", help="Tell behind each value where it was written.")
    ] = False,
    section: Annotated[
        str | None,
        typer.Option(
            "--section", "-s", metavar="PATH", help="Only this part, such as training.late_arrival."
        ),
    ] = None,
    json: Json = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """Show the spec after environments and variables; without --origin the output is a spec again.

    What a run supplies, `${params.x}`, and handles of secrets stay as they are.
    """
    overrides = pairs(var, "--var")
    if not resolved and (environment or overrides):
        raise UsageError("--as-written shows the file as it is: not with --environment or --var")
    path = existing(spec)
    original = load_document(path)
    found = resolve(original, environment, overrides)
    diagnostics = [*original.diagnostics, *(found.diagnostics if resolved else ())]
    if has_errors(diagnostics):
        raise SpecError(f"{path} has faults", diagnostics)
    origins = Origins(original, found if resolved else resolve(original), environment, overrides)
    at, value = _part(found.document.value if resolved else original.value, section)
    if json:
        told = {".".join(map(str, one)): origins.of(one) for one in _leaves(value, at)} if origin else None
        output.json_object({"value": value} | ({"origins": told} if told is not None else {}))
        return
    nested: Any = value
    for key in reversed(at):
        nested = {key: nested}
    output.say(yaml_text(nested, origins if origin else None).rstrip("\n"))


def _part(value: dict[str, Any], section: str | None) -> tuple[Path, Any]:
    """Return a path and the value at it; raises UsageError where there is none."""
    at: Path = ()
    here: Any = value
    for part in section.split(".") if section else ():
        if not isinstance(here, dict) or part not in here:
            known = [str(key) for key in here] if isinstance(here, dict) else []
            where = f"'{'.'.join(map(str, at))}'" if at else "the spec"
            raise UsageError(
                f"--section {section}: {where} holds no {part!r}",
                help=did_you_mean(part, known, noun="it holds", limit=20),
            )
        at, here = (*at, part), here[part]
    return at, here


def _leaves(value: Any, path: Path) -> list[Path]:
    if isinstance(value, dict) and value:
        return [leaf for key, item in value.items() for leaf in _leaves(item, (*path, key))]
    if isinstance(value, list) and value:
        return [leaf for number, item in enumerate(value) for leaf in _leaves(item, (*path, number))]
    return [path]

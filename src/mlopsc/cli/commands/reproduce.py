"""`mlopsc reproduce`: makes a registered version again, and says whether it is the same."""

import os
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer

from mlopsc import running
from mlopsc.cli import output
from mlopsc.cli.options import (
    DEFAULT,
    Debug,
    Environment,
    Json,
    SpecOption,
    Variables,
    existing,
    new_app,
    pairs,
)
from mlopsc.reproducing.compare import Compared, Difference, Reproduction
from mlopsc.reproducing.compare import reproduce as make_again
from mlopsc.reproducing.engine import CAPTURED
from mlopsc.runtime.context import REGISTRY_VARIABLE

app = new_app()
_NOT_EQUAL = 5
_SHORT = 19
"""Characters of a digest that are shown: `sha256:` and twelve."""
_MOST_PACKAGES = 10


class Data(StrEnum):
    """Which data a version is made again from."""

    current = "current"
    stored = "stored"


@app.command()
def reproduce(
    version: Annotated[str, typer.Argument(metavar="MODEL/VERSION")],
    data: Annotated[
        Data,
        typer.Option(
            "--data",
            help="Read the sources again, or take the data that the version was made from out of the store.",
        ),
    ] = Data.current,
    image: Annotated[
        str | None,
        typer.Option(
            "--image",
            metavar=f"IMAGE|{CAPTURED}",
            help="Make it in a container of this image, or of one built from its captured environment; needs Docker.",
        ),
    ] = None,
    spec: SpecOption = DEFAULT,
    environment: Environment = None,
    var: Variables = None,
    json: Json = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """Make a registered version again from its own spec, code and parameters, and compare every digest.

    Nothing comes from the cache, and nothing is registered. Exit status 0 when all of it is the same, 5 when it is not.
    """
    path = spec if spec == DEFAULT and os.environ.get(REGISTRY_VARIABLE) else existing(spec)
    context = running.project_context(path, environment=environment, variables=pairs(var, "--var"))
    on_step = None if json else lambda name: output.tell(f"  {name}")
    if image is None:
        found = make_again(version, context, data=data.value, on_step=on_step)
    else:
        from mlopsc.reproducing.container import reproduce_in_image

        options = [*(["--spec", path.name] if path.is_file() else [])]
        options += [] if environment is None else ["--environment", environment]
        options += [f"--var={one}" for one in var or ()]
        found = reproduce_in_image(version, context, image, data=data.value, options=options, on_step=on_step)
    if json:
        output.json_object({**asdict(found), "equal": found.equal})
    else:
        _show(found)
    if not found.equal:
        raise typer.Exit(_NOT_EQUAL)


def _show(found: Reproduction) -> None:
    output.title(f"{found.version}, made again" + (f" in {found.image}" if found.image else ""))
    output.table(["artifact", "registered", "made again"], [_row(one) for one in found.compared])
    for name, reason in found.stopped.items():
        output.say(f"not made: {name}: {output.escaped(reason)}")
    _show_differences(found)
    same = sum(one.equal for one in found.compared)
    word = "equal" if found.equal else "not equal"
    output.say(f"{word}: {same} of {len(found.compared)} are what was registered, byte for byte")


def _show_differences(found: Reproduction) -> None:
    """Tell what differs; of packages that no result depends on a few, and how many are not there at all."""
    if not found.differences:
        return
    output.title("What is not as it was")
    others = [one for one in found.differences if one.kind == "package" and not one.matters]
    absent = [one for one in others if one.now == "absent"]
    changed = [one for one in others if one not in absent]
    left_out = {*absent, *changed[_MOST_PACKAGES:]}
    shown = [one for one in found.differences if one not in left_out]
    if shown:
        output.table(["what", "name", "then", "now"], [_difference(one) for one in shown])
    for number, what in (
        (len(changed) - _MOST_PACKAGES, "have another version"),
        (len(absent), "are absent"),
    ):
        if number > 0:
            output.say(f"{number} further packages that no result depends on {what}; --json names them")


def _row(one: Compared) -> list[str]:
    again = "same" if one.equal else "not made" if one.rebuilt is None else one.rebuilt[:_SHORT]
    return [one.name, one.recorded[:_SHORT], again]


def _difference(one: Difference) -> list[str]:
    then, now = (
        text[:_SHORT] if text.startswith("sha256:") else output.escaped(text)
        for text in (one.recorded, one.now)
    )
    return [one.kind, one.name, then, now]

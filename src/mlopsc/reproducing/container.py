"""Makes a version again in a container: of an image that is there, or of one built from its captured environment."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mlopsc import __version__
from mlopsc.codegen.captured import captured_context
from mlopsc.codegen.image import image_settings, slim
from mlopsc.diagnostics.errors import MlopscError
from mlopsc.plan.plan import Plan
from mlopsc.reproducing import engine
from mlopsc.reproducing.compare import Compared, Difference, Reproduction, known_recipe
from mlopsc.reproducing.rebuild import TRAIN, Data, laid_out
from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import read_json

_FORWARDED = ("MLOPSC_", "AWS_", "AZURE_STORAGE_")
_ANSWERS = (0, 5)
"""Exit statuses of a reproduction that came to its end."""
_NO_COMMAND = (126, 127)
_KILLED = 137


def reproduce_in_image(
    reference: str,
    context: Context,
    image: str,
    *,
    data: Data = "current",
    options: Sequence[str] = (),
    on_step: Callable[[str], None] | None = None,
) -> Reproduction:
    """Make a registered version again in a container, and compare; `options` say which spec's project it is.

    The container sees the project where it lies, registry and store if they are on this machine, and files that the
    spec names by absolute paths; it runs as whoever runs this. Raises RegistryError, SpecError and StoreError as
    `reproduce` does, and MlopscError where there is no engine, no such image, or the container fails.
    """
    version, recipe = known_recipe(reference, context)
    engine.require_engine()
    told = on_step or (lambda _: None)
    with laid_out(version, recipe, context, data=data) as (_, project, plan):
        if image == engine.CAPTURED:
            told(f"building the image of what {version.name} was trained in")
            environment = read_json(context.store().get_path(version.artifacts["environment"]))
            base = image_settings(plan).base_image or _base(environment["python"])
            image = engine.build("mlopsc-captured", captured_context(plan, project, environment, base))
        elif not engine.obtain(image):
            raise MlopscError(
                f"the engine has no image {image!r}, and no registry gave it",
                help=f"build or pull it, or let one be built: --image {engine.CAPTURED}",
            )
        told(f"making {version.name} again in a container of {image}")
        status, out, err = engine.run(
            image,
            ["mlopsc", "reproduce", version.name, "--data", data, "--json", *options],
            folder=context.project.absolute(),
            mounts={**_places(context, plan), context.project.absolute(): "rw"},
            variables=sorted({*_forwarded(), *_secrets(plan)}),
            user=f"{os.getuid()}:{os.getgid()}",
        )
    if status in _NO_COMMAND:
        raise MlopscError(
            f"there is no mlopsc in {image}: {engine.last_words(err, 1)}",
            help=f"install it there, on the PATH, or let an image be built: --image {engine.CAPTURED}",
        )
    if status not in _ANSWERS:
        killed = " (killed, as by a limit of memory)" if status == _KILLED else ""
        raise MlopscError(
            f"{version.name} was not made again: the container of {image} ended with status {status}{killed}:\n"
            f"{engine.last_words(err)}"
        )
    return replace(_read(out, image), image=image)


def _base(python: str) -> str:
    """Return the image with a version of Python, or with its latest patch where no registry has that one."""
    exact = slim(python)
    return exact if engine.obtain(exact) else slim(python.rpartition(".")[0])


def _read(text: str, image: str) -> Reproduction:
    try:
        found: dict[str, Any] = json.loads(text)
        return Reproduction(
            version=found["version"],
            data=found["data"],
            compared=tuple(Compared(**one) for one in found["compared"]),
            differences=tuple(Difference(**one) for one in found["differences"]),
            stopped=found["stopped"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise MlopscError(
            f"the mlopsc in {image} answers otherwise than this one, {__version__}: {error!r}",
            help="give an image with this version of mlopsc",
        ) from error


def _places(context: Context, plan: Plan) -> Mapping[Path, str]:
    """Return what of this machine lies outside of the project and is wanted: path → `rw` or `ro`."""
    registry, store = _local(context.registry_location), _local(context.store_location)
    named = [source.get("file") for step in _loads(plan) for source in step.get("secrets", {}).values()]
    named += [step["source"].get("path") for step in _loads(plan)]
    read = (_local(text) for text in named if text)
    wanted = {_folder(path): "ro" for path in read if path is not None}
    # SQLite keeps files of its own beside a registry's.
    wanted |= {path: "rw" for path in (registry and registry.parent, store) if path is not None}
    inside = context.project.absolute()
    return {path: mode for path, mode in wanted.items() if path.exists() and not path.is_relative_to(inside)}


def _local(location: str) -> Path | None:
    """Return the absolute path that a path or URL names on this machine, None for any other."""
    parts = urlsplit(location)
    if parts.scheme.partition("+")[0] == "sqlite":
        location = parts.path.removeprefix("/")
    elif parts.scheme in ("file", ""):
        location = parts.path
    else:
        return None
    return Path(location) if location.startswith("/") else None


def _folder(path: Path) -> Path:
    """Return a path, of a pattern the folder that all its files are in."""
    while any(mark in path.name for mark in "*?[$"):
        path = path.parent
    return path


def _loads(plan: Plan) -> list[dict[str, Any]]:
    return [step.configuration for step in plan.pipeline(TRAIN).steps if step.operation == "load"]


def _forwarded() -> set[str]:
    """Return the environment's variables that say where registry and store are, and what opens them."""
    return {name for name in os.environ if name.startswith(_FORWARDED)}


def _secrets(plan: Plan) -> set[str]:
    """Return the variables that hold secrets of the data."""
    sources = [source for step in _loads(plan) for source in step.get("secrets", {}).values()]
    return {name for source in sources if (name := source.get("env")) in os.environ}

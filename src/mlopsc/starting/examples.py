"""The example projects that travel with the package, and a copy of one as a project of one's own."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from mlopsc.diagnostics.errors import UsageError
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.runtime.atomic import cannot_write, make_folder
from mlopsc.starting.files import schema_text
from mlopsc.starting.naming import slug
from mlopsc.starting.spec_text import SCHEMA

_PACKAGE = Path(__file__).parents[1]
_PLACES = (_PACKAGE / "examples", _PACKAGE.parents[1] / "examples")
"""In an installed wheel; in a clone, that an editable install points to."""
_SPEC = "mlops.yaml"
_NOT_COPIED = shutil.ignore_patterns(".mlopsc", "build", "__pycache__")
_EDITOR = re.compile(r"^# yaml-language-server: \$schema=.*$", re.MULTILINE)
_NAMED = re.compile(r"^(project: \{name: )\w+", re.MULTILINE)


def examples() -> dict[str, str]:
    """Return the examples with what each is, from the first line of its README; the smallest first."""
    return {folder.name: _title(folder) for folder in sorted(_folders(), key=_size)}


def new_project(folder: Path, example: str) -> Path:
    """Copy an example to a new folder, which appears whole or not at all, and return its spec.

    The project gets the folder's name, and the spec's first line leads editors to a schema in the folder. Raises
    UsageError for an unknown example, or when the folder is there and not empty; StoreError when the disk refuses.
    """
    known = examples()
    if example not in known:
        raise UsageError(
            f"there is no example {example!r}", help=did_you_mean(example, known, noun="there are")
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is there already", help="choose another name, or remove it")
    origin = next(one for one in _folders() if one.name == example)
    try:
        make_folder(folder.absolute().parent)
        with tempfile.TemporaryDirectory(prefix=".tmp-", dir=folder.absolute().parent) as unfinished:
            copy = Path(unfinished) / "project"
            shutil.copytree(origin, copy, ignore=_NOT_COPIED)
            _adapt(copy / _SPEC, folder.absolute().name)
            (copy / SCHEMA).parent.mkdir()
            (copy / SCHEMA).write_text(schema_text(), "utf-8")
            os.replace(copy, folder)  # noqa: PTH105  (an empty folder may be there)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return folder / _SPEC


def contents(folder: Path) -> Mapping[str, int]:
    """Return the files of a new project with their sizes, without its state."""
    found = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    shown = [path for path in found if ".mlopsc" not in path.relative_to(folder).parts]
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in shown}


def _folders() -> Iterator[Path]:
    for place in _PLACES:
        if place.is_dir():
            yield from (path.parent for path in place.glob(f"*/{_SPEC}"))
            return


def _title(folder: Path) -> str:
    readme = folder / "README.md"
    first = readme.read_text("utf-8").partition("\n")[0] if readme.is_file() else ""
    return first.removeprefix("#").partition(":")[2].strip()


def _size(folder: Path) -> tuple[int, str]:
    return len((folder / _SPEC).read_bytes()), folder.name


def _adapt(spec: Path, name: str) -> None:
    text = _EDITOR.sub(f"# yaml-language-server: $schema={SCHEMA}", spec.read_text("utf-8"), count=1)
    spec.write_text(_NAMED.sub(rf"\g<1>{slug(name, 'project')}", text, count=1), "utf-8")

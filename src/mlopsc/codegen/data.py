"""Data that lie on this machine: what of them travels in an image, and what keeps a step from running elsewhere."""

import glob
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from mlopsc.codegen.reach import is_local
from mlopsc.plan.plan import Plan, Step
from mlopsc.targets import Fault
from mlopsc.vocabulary.sources.sql import sqlite_path

LARGEST_DATA = 50_000_000
"""Bytes of a dataset that may travel in an image."""
_PARAMETER = re.compile(r"\$\{params\.\w+\}")


@dataclass(frozen=True)
class _Place:
    """A local place that a source names: under which key, and the glob of its files; None when they cannot travel."""

    key: str
    text: str
    pattern: str | None
    what: str = "a file"


def found_files(pattern: str, project: Path) -> list[str]:
    """Return the project's files that a path or glob means, relative to the project, sorted; mlopsc's own not."""
    if (project / pattern).is_file():
        return [PurePosixPath(pattern).as_posix()]
    found = glob.glob(pattern, root_dir=project, recursive=True)  # noqa: PTH207 - as sources are found
    return sorted(
        path
        for path in found
        if (project / path).is_file() and not {".mlopsc", "__pycache__"} & set(PurePosixPath(path).parts)
    )


def data_patterns(plan: Plan) -> Iterator[str]:
    """Yield the globs of the files that the plan's sources read from the project."""
    for pipeline in plan.pipelines:
        for step in pipeline.steps:
            if step.operation == "load":
                places = _places(step.configuration["source"])
                yield from (place.pattern for place in places if place.pattern is not None)


def data_fault(step: Step, project: Path, reader: str, *, in_image: bool = True) -> Fault | None:
    """Return what keeps a `load` step's data from `reader`, a container or worker: a place, or a size in its image."""
    for place in _places(step.configuration["source"]):
        path = (*step.origin, "source", place.key)
        where = f"where {reader} can read it (s3://, gs://, https://)"
        if place.pattern is None and place.what != "any file":
            return Fault(
                "MLC503",
                path,
                f"{place.text!r} is {place.what} of this machine: {reader} cannot reach it",
                f"name it relative to the project, or put it {where}"
                if place.what == "a file"
                else f"put it {where}"
                if place.what == "a table"
                else f"name a host that {reader} reaches"
                if place.what == "a database"
                else f"take it out for this target, in an environment, or put the files {where}",
            )
        if place.pattern is None or not in_image:
            continue
        size = sum((project / one).stat().st_size for one in found_files(place.pattern, project))
        if size > LARGEST_DATA:
            return Fault(
                "MLC503",
                path,
                f"{place.text!r} has {size / 1e6:.0f} MB, too much to travel in the image "
                f"(at most {LARGEST_DATA / 1e6:.0f} MB)",
                f"put it {where}",
            )
    return None


def _places(source: dict[str, Any]) -> Iterator[_Place]:
    """Yield the local places of a source, as its step is configured with it."""
    if source.get("type") == "feast":
        yield _Place("repo", source["repo"], None, "a Feast repository")
    if isinstance(url := source.get("url"), str):
        path = sqlite_path(url)
        if path is not None and not path.startswith(("/", "~")):
            yield _Place("url", url, path)
        elif is_local(url):
            yield _Place("url", url, None, "a database" if path is None else "a file")
    if isinstance(uri := source.get("catalog", {}).get("uri"), str) and is_local(uri):
        yield _Place("catalog", uri, None, "a database")
    if (text := source.get("metadata")) and ("://" not in text or text.startswith("file://")):
        yield _Place("metadata", text, None, "a table")  # it names its files by where they lie here
    if (revision := source.get("revision")) is not None:
        yield _Place("revision", revision, None, "a revision of the repository")
    elif text := source.get("path"):
        yield from _path(text, folder=source["type"] == "delta")


def _path(text: str, *, folder: bool) -> Iterator[_Place]:
    if text.startswith(("file://", "/")):
        yield _Place("path", text, None)
    elif "://" not in text:
        # What a parameter stands for may be anything; where it is all, every file of the project would be too many.
        pattern = _PARAMETER.sub("*", text)
        if not pattern.strip("*"):
            yield _Place("path", text, None, "any file")
        else:
            yield _Place("path", text, f"{pattern.rstrip('/')}/**" if folder else pattern)

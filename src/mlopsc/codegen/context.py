"""Which files of a project travel in an image: spec, lock, the code behind its functions, local data, what it names.

Nothing else does: what lies beside them in the folder may be large, or secret.
"""

import glob
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.plan.plan import Plan, Step
from mlopsc.runtime.user_code import closure, code_digest, resolve_reference
from mlopsc.targets import CopiedFile, Fault
from mlopsc.vocabulary.functions import functions_in
from mlopsc.vocabulary.lock import LOCK_FILE

LARGEST_DATA = 50_000_000
"""Bytes of a dataset that may travel in an image."""
_PARAMETER = re.compile(r"\$\{params\.\w+\}")


@dataclass(frozen=True)
class Project:
    """What of a project travels: its files, paths relative to the project, and what they are."""

    files: tuple[CopiedFile, ...]
    functions: tuple[str, ...]
    """User functions that the plan's steps call."""
    code: str | None
    """Digest of the project's code behind them, None when there is none."""
    modules: tuple[str, ...]
    """The files of that code."""


def project_files(plan: Plan, project: Path, include: Sequence[str] = ()) -> Project:
    """Return the files that steps of the plan need; `include` are globs of further ones.

    Raises MlopscError when a file cannot be read or leads out of the project, SpecError for code that is no Python.
    """
    functions = tuple(sorted({name for step in _steps(plan) for name in functions_in(step.configuration)}))
    code: dict[str, str] = {}
    for function in functions:
        code |= closure(project, resolve_reference(function).module)
    paths = {plan.spec, *([LOCK_FILE] if (project / LOCK_FILE).is_file() else []), *code}
    for pattern in (*_data_patterns(plan), *include):
        paths |= set(found_files(pattern, project))
    files = tuple(CopiedFile(path, _read(project, path)) for path in sorted(paths))
    return Project(files, functions, code_digest(code) if code else None, tuple(sorted(code)))


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


def data_fault(step: Step, project: Path, reader: str, *, in_image: bool = True) -> Fault | None:
    """Return what keeps a `load` step's data from `reader`, a container or worker: a place, or a size in its image."""
    source: dict[str, Any] = step.configuration["source"]
    text = source.get("path", "")
    path = (*step.origin, "source", "path")
    if text.startswith("file://") or (text.startswith("/") and "://" not in text):
        return Fault(
            "MLC503",
            path,
            f"{text!r} is a file of this machine: {reader} cannot reach it",
            f"name it relative to the project, or put it where {reader} can read it (s3://, gs://, https://)",
        )
    pattern = _local_pattern(text) if in_image else None
    size = (
        0 if pattern is None else sum((project / one).stat().st_size for one in found_files(pattern, project))
    )
    if size > LARGEST_DATA:
        return Fault(
            "MLC503",
            path,
            f"{text!r} has {size / 1e6:.0f} MB, too much to travel in the image (at most {LARGEST_DATA / 1e6:.0f} MB)",
            f"put it where {reader} can read it (s3://, gs://, https://)",
        )
    return None


def include_faults(plan: Plan, project: Path, include: Sequence[str], *path: str | int) -> Iterator[Fault]:
    """Yield what is wrong with globs of further files: that they find none, leave the project, or find a secret's."""
    secrets = {
        PurePosixPath(source["file"]).as_posix(): name
        for step in _steps(plan)
        for name, source in step.configuration.get("secrets", {}).items()
        if source.get("file")
    }
    for number, pattern in enumerate(include):
        place: tuple[str | int, ...] = (*path, number)
        if PurePosixPath(pattern).is_absolute() or ".." in PurePosixPath(pattern).parts:
            yield Fault("MLC503", place, f"{pattern!r} leads out of the project", "name files of the project")
            continue
        found = found_files(pattern, project)
        if not found:
            yield Fault("MLC503", place, f"{pattern!r} finds no file of the project")
        for file in found:
            if file in secrets:
                yield Fault(
                    "MLC508",
                    place,
                    f"{pattern!r} would put {file!r} into the image, the file of secret {secrets[file]!r}",
                    "leave it out: secrets are mounted where the image is run",
                )


def _steps(plan: Plan) -> Iterator[Step]:
    return (step for pipeline in plan.pipelines for step in pipeline.steps)


def _data_patterns(plan: Plan) -> Iterator[str]:
    for step in _steps(plan):
        if step.operation == "load" and (path := step.configuration["source"].get("path")):
            pattern = _local_pattern(path)
            if pattern is not None:
                yield pattern


def _local_pattern(text: str) -> str | None:
    """Return the glob of a local source's files, where what a parameter stands for may be anything.

    None for other sources, and for one that a parameter chooses freely: every file of the project is too many.
    """
    if "://" in text or text.startswith("/"):
        return None
    pattern = _PARAMETER.sub("*", text)
    return pattern if pattern.strip("*") else None


def _read(project: Path, path: str) -> bytes:
    place = project / path
    if not place.resolve().is_relative_to(project.resolve()):
        raise MlopscError(f"{path} leads out of the project folder: it cannot travel in an image")
    try:
        return place.read_bytes()
    except OSError as error:
        raise MlopscError(f"cannot read {place}: {error.strerror or error}") from error

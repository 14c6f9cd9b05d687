"""Which files of a project travel in an image: spec, lock, the code behind its functions, local data, what it names.

Nothing else does: what lies beside them in the folder may be large, or secret.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mlopsc.codegen.data import data_patterns, found_files
from mlopsc.diagnostics.errors import MlopscError
from mlopsc.plan.plan import Plan, Step
from mlopsc.runtime.user_code import closure, code_digest, resolve_reference
from mlopsc.targets import CopiedFile, Fault
from mlopsc.vocabulary.functions import functions_in
from mlopsc.vocabulary.lock import LOCK_FILE


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
    functions = functions_of(plan)
    code: dict[str, str] = {}
    for function in functions:
        code |= closure(project, resolve_reference(function).module)
    paths = {plan.spec, *([LOCK_FILE] if (project / LOCK_FILE).is_file() else []), *code}
    for pattern in (*data_patterns(plan), *include):
        paths |= set(found_files(pattern, project))
    files = tuple(CopiedFile(path, _read(project, path)) for path in sorted(paths))
    return Project(files, functions, code_digest(code) if code else None, tuple(sorted(code)))


def functions_of(plan: Plan) -> tuple[str, ...]:
    """Return the user functions that the plan's steps call, sorted."""
    return tuple(sorted({name for step in _steps(plan) for name in functions_in(step.configuration)}))


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


def _read(project: Path, path: str) -> bytes:
    place = project / path
    if not place.resolve().is_relative_to(project.resolve()):
        raise MlopscError(f"{path} leads out of the project folder: it cannot travel in an image")
    try:
        return place.read_bytes()
    except OSError as error:
        raise MlopscError(f"cannot read {place}: {error.strerror or error}") from error

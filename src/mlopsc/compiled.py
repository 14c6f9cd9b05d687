"""Plans of earlier compiles, used again as long as nothing that a compile looks at has changed.

An entry is keyed by the spec's text, what was asked for, `mlops.lock` and the versions of what compiles; it names the
data files and user modules that the compile looked at, with their identities. A damaged or outdated one is a miss.
"""

import contextlib
import glob
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import ValidationError

from mlopsc.diagnostics.diagnostic import Diagnostic, Label, Severity, Span
from mlopsc.diagnostics.errors import MlopscError
from mlopsc.plan.plan import Plan
from mlopsc.runtime.atomic import write_bytes
from mlopsc.runtime.context import STATE_FOLDER
from mlopsc.runtime.store.identities import Identity
from mlopsc.runtime.tasks import library_version
from mlopsc.vocabulary.functions import functions_in
from mlopsc.vocabulary.lock import LOCK_FILE

if TYPE_CHECKING:
    from mlopsc.runtime.sources.parquet import Footers
    from mlopsc.vocabulary.columns import Column
    from mlopsc.vocabulary.sources import Source

FORMAT = 1
KEPT = 30
FOLDER = "compiled"
"""Entries of a project; the oldest go."""
_LIBRARIES = ("mlopsc", "duckdb", "scikit-learn", "pydantic", "sqlglot", "pyyaml", "networkx")

Looked = Mapping[str, Mapping[str, tuple[int, int, int, int]]]
"""Path or glob as written → the files it means, by path, with their identities; no file is an answer too."""


@dataclass(frozen=True)
class Build:
    """A plan with what the compiler remarked on the spec: warnings and notes, no errors."""

    plan: Plan
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass
class Witness:
    """The `peek` of a compile, which also notes what was looked at; as a context manager it closes what it opened."""

    seen: dict[str, dict[str, tuple[int, int, int, int]]] = field(default_factory=dict)
    complete: bool = True
    """Whether all of it can be told again from the identities of local files."""

    _footers: "Footers | None" = field(default=None, repr=False)

    def __enter__(self) -> Self:
        from mlopsc.runtime.sources.parquet import Footers

        self._footers = Footers()
        return self

    def __exit__(self, *error: object) -> None:
        if self._footers is not None:
            self._footers.__exit__(*error)
            self._footers = None

    def __call__(
        self,
        source: "Source",
        columns: Mapping[str, "Column"],
        *,
        project: Path,
        timezone: str | None = None,
    ) -> Mapping[str, str] | None:
        """Return a source's columns and their types, None when only a run can tell; raises MlopscError."""
        from mlopsc.runtime.sources.peek import peek_schema

        if (path := getattr(source, "path", None)) is not None:
            pattern = path.removeprefix("file://")
            self.seen[pattern] = _identities(pattern, project)
            self.complete &= "://" not in pattern and getattr(source, "revision", None) is None
        return peek_schema(source, columns, project=project, timezone=timezone, footers=self._footers)

    def looked_at(self, value: Any, project: Path) -> Looked:
        """Return what was peeked at, and the files of user functions and of queries that a spec's values name."""
        files = {file for name in functions_in(value) for file in _module_files(name)} | {
            *_query_files(value)
        }
        return self.seen | {file: _identities(file, project) for file in sorted(files)}


def recall(path: Path, asked: Mapping[str, Any]) -> tuple[Build | None, str]:
    """Return what an earlier compile of the same made, if it still holds, and the key to remember one by."""
    key = _key(path, asked)
    try:
        entry = json.loads(_place(path.parent, key).read_bytes())
        looked, spans = entry["looked_at"], entry["diagnostics"]
        if any(_identities(pattern, path.parent) != files for pattern, files in _frozen(looked).items()):
            return None, key
        return Build(Plan.model_validate_json(entry["plan"]), tuple(map(_read, spans))), key
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ValidationError):
        return None, key


def remember(path: Path, key: str, build: Build, looked: Looked) -> None:
    """Keep what a compile made; a project that cannot be written to does without."""
    entry = {
        "plan": build.plan.model_dump_json(),
        "diagnostics": [_written(one) for one in build.diagnostics],
        "looked_at": looked,
    }
    place = _place(path.parent, key)
    with contextlib.suppress(MlopscError, OSError):
        write_bytes(place, json.dumps(entry, ensure_ascii=False).encode(), durable=False)
        _prune(place.parent)


def _key(path: Path, asked: Mapping[str, Any]) -> str:
    parts = {
        "format": FORMAT,
        "spec": [str(path), str(path.parent.resolve()), _digest(path)],
        "lock": _digest(path.parent / LOCK_FILE),
        "asked": dict(asked),
        "versions": [sys.version, *(f"{name} {library_version(name)}" for name in _LIBRARIES)],
        "compiler": _own_code(),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _place(project: Path, key: str) -> Path:
    return project / STATE_FOLDER / FOLDER / f"{key}.json"


def _digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def _own_code() -> list[int]:
    """Return number, size and newest change of mlopsc's own files: a checkout changes without its version."""
    found = [entry.stat() for entry in _python_files(os.path.dirname(__file__))]  # noqa: PTH120
    return [len(found), sum(one.st_size for one in found), max(one.st_mtime_ns for one in found)]


def _python_files(folder: str) -> Iterator["os.DirEntry[str]"]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                yield entry
            elif entry.is_dir() and entry.name != "__pycache__":
                yield from _python_files(entry.path)


def _module_files(reference: str) -> tuple[str, str]:
    base = reference.partition(":")[0].replace(".", "/")
    return f"{base}.py", f"{base}/__init__.py"


def _query_files(value: Any) -> Iterator[str]:
    """Yield the files of queries that datasets name; of a faulty spec nothing is remembered anyway."""
    datasets = value.get("datasets") if isinstance(value, dict) else None
    for dataset in datasets.values() if isinstance(datasets, dict) else ():
        source = dataset.get("source") if isinstance(dataset, dict) else None
        if isinstance(source, dict) and isinstance(file := source.get("query_file"), str):
            yield file


def _identities(pattern: str, project: Path) -> dict[str, tuple[int, int, int, int]]:
    project = project.resolve()
    if (project / pattern).is_file():
        files = [str(project / pattern)]
    elif glob.has_magic(pattern):
        files = sorted(glob.glob(str(project / pattern), recursive=True))  # noqa: PTH207
    else:
        files = []
    found = ((file, Identity.of(Path(file))) for file in files)
    return {file: (one.size, one.modified, one.changed, one.inode) for file, one in found if one is not None}


def _frozen(looked: Any) -> dict[str, dict[str, tuple[int, int, int, int]]]:
    return {
        pattern: {file: tuple(identity) for file, identity in files.items()}
        for pattern, files in looked.items()
    }


def _written(found: Diagnostic) -> dict[str, Any]:
    return {
        "code": found.code,
        "slug": found.slug,
        "severity": found.severity.value,
        "message": found.message,
        "span": _span(found.span),
        "labels": [[_span(label.span), label.text] for label in found.labels],
        "help": found.help,
    }


def _span(span: Span | None) -> list[Any] | None:
    return None if span is None else [span.file, span.line, span.column, span.end_line, span.end_column]


def _read(entry: dict[str, Any]) -> Diagnostic:
    return Diagnostic(
        code=entry["code"],
        slug=entry["slug"],
        severity=Severity(entry["severity"]),
        message=entry["message"],
        span=None if entry["span"] is None else Span(*entry["span"]),
        labels=tuple(Label(Span(*span), text) for span, text in entry["labels"]),
        help=entry["help"],
    )


def _prune(folder: Path) -> None:
    entries = sorted(folder.glob("*.json"), key=lambda entry: entry.stat().st_mtime_ns, reverse=True)
    for entry in entries[KEPT:]:
        entry.unlink(missing_ok=True)

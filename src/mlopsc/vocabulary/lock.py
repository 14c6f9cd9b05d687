"""`mlops.lock`: which data a project was last known to work with."""

import hashlib
import json
import re
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.versions import SourceVersion

LOCK_FILE = "mlops.lock"
FORMAT: Literal[2] = 2
"""The version of the file that is written. 1 had neither `schema_digest` nor `version`, and is read all the same."""

_LIST = re.compile(r"\[\n\s*([^\[\]{}]*?)\n\s*\]")
"""A list of plain values that is written over several lines."""
_BREAK = re.compile(r",\n\s*")


class LockedDataset(Frozen):
    """One dataset as it was."""

    digest: str
    """Digest of the dataset's artifact, `sha256:…`."""
    schema_digest: str | None = None
    """Digest of names, types and order of the columns; None in a lock of format 1."""
    source: str | None = None
    """Digest of the source's bytes; None where only a full read can tell: a function, a database, a table of a lake."""
    version: SourceVersion | None = None
    """Which state was read, of a source that keeps several."""
    writer: str
    """The Parquet library that wrote the artifact: with another one, bytes may differ for equal data."""
    rows: int
    columns: dict[str, str]
    """Column → type, in order."""
    profiles: Annotated[dict[str, dict[str, Any]], Field(exclude_if=lambda profiles: not profiles)] = {}
    """Column → how its values are distributed, of those that a check compares; see `runtime.drift.profile`."""

    @model_validator(mode="after")
    def _as_written(self) -> "LockedDataset":
        if self.schema_digest not in (None, digest_of_columns(self.columns)):
            raise ValueError("`columns` are not those that `schema_digest` was made of")
        return self


class Lock(Frozen):
    """All datasets of a project."""

    version: Literal[1, 2] = FORMAT
    datasets: dict[str, LockedDataset] = {}


def digest_of_columns(columns: Mapping[str, str]) -> str:
    """Return `sha256:…` of names, types and order of columns."""
    text = json.dumps(list(columns.items()), ensure_ascii=False, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def read_lock(project: Path) -> Lock | None:
    """Return the project's lock, None when there is none; raises MlopscError when it cannot be read."""
    path = project / LOCK_FILE
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        return Lock.model_validate_json(text)
    except ValidationError as error:
        if (newer := _newer(text)) is not None:
            raise MlopscError(
                f"{LOCK_FILE} has format {newer}, this mlopsc reads formats up to {FORMAT}",
                help="upgrade mlopsc, or write it again with `mlopsc lock`",
            ) from error
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise MlopscError(
            f"{LOCK_FILE} is damaged: {place}: {first['msg']}", help="write it again with `mlopsc lock`"
        ) from error


def _newer(text: str) -> int | None:
    try:
        found: Any = json.loads(text)["version"]
    except (ValueError, LookupError, TypeError):
        return None
    return found if isinstance(found, int) and found > FORMAT else None


def format_lock(lock: Lock) -> str:
    """Return the lock file's text: JSON that reads well in a diff."""
    text = json.dumps(lock.model_dump(), indent=2, ensure_ascii=False)
    return _LIST.sub(lambda found: f"[{_BREAK.sub(', ', found[1])}]", text) + "\n"


def parquet_writer() -> str:
    """Return the name and version of the library that writes artifacts here."""
    return f"pyarrow {version('pyarrow')}"

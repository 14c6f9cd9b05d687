"""`mlops.lock`: which data a project was last known to work with."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.vocabulary.base import Frozen

LOCK_FILE = "mlops.lock"


class LockedDataset(Frozen):
    """One dataset as it was."""

    digest: str
    """Digest of the dataset's artifact, `sha256:…`."""
    source: str | None = None
    """Digest of the source's bytes; None where the source is a function."""
    writer: str
    """The Parquet library that wrote the artifact: with another one, bytes may differ for equal data."""
    rows: int
    columns: dict[str, str]
    """Column → type, in order."""


class Lock(Frozen):
    """All datasets of a project."""

    version: Literal[1] = 1
    datasets: dict[str, LockedDataset] = {}


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
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise MlopscError(
            f"{LOCK_FILE} is damaged: {place}: {first['msg']}", help="write it again with `mlopsc lock`"
        ) from error


def format_lock(lock: Lock) -> str:
    """Return the lock file's text: JSON that reads well in a diff."""
    return json.dumps(lock.model_dump(), indent=2, ensure_ascii=False) + "\n"


def parquet_writer() -> str:
    """Return the name and version of the library that writes artifacts here."""
    return f"pyarrow {version('pyarrow')}"

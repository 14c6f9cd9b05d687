"""SQLite files that cannot be written to, such as those of a read-only project, can still be read.

SQLite wants to write even to read a file in WAL mode: it keeps its locks and the index of its log beside it.
"""

import os
import sqlite3
from pathlib import Path

_EFFECTIVE = os.access in os.supports_effective_ids


def read_only(file: Path) -> bool:
    """Whether a file is there and this process may read it only, or may make no file beside it."""
    return file.exists() and not all(
        os.access(path, os.W_OK, effective_ids=_EFFECTIVE) for path in (file, file.parent)
    )


def connect(file: Path, *, timeout: float) -> sqlite3.Connection:
    """Open an SQLite file, for reading only where nothing else is possible; `timeout` in seconds.

    Raises sqlite3.Error; also where the latest writes stand in a log that cannot be read without writing.
    """
    options = {"timeout": timeout, "isolation_level": None, "check_same_thread": False}
    if not read_only(file):
        return sqlite3.connect(file, **options)  # type: ignore[call-overload,no-any-return]
    place = file.absolute().as_uri()
    connection: sqlite3.Connection = sqlite3.connect(f"{place}?mode=ro", uri=True, **options)  # type: ignore[call-overload]
    try:
        connection.execute("select count(*) from sqlite_master")
        return connection
    except sqlite3.OperationalError:
        connection.close()
        log = file.with_name(f"{file.name}-wal")
        if log.exists() and log.stat().st_size:
            raise
    # Nobody can be writing to it: what is in the file is all there is.
    return sqlite3.connect(f"{place}?immutable=1", uri=True, **options)  # type: ignore[call-overload,no-any-return]

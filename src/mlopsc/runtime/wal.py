"""SQLite's write-ahead log: readers and a writer do not wait for each other. A file that is in this mode keeps it."""

import sqlite3
import time

_PATIENCE = 0.01  # seconds between tries


def enter_wal(connection: sqlite3.Connection, seconds: float) -> None:
    """Bring the connection's file into the mode; raises sqlite3.OperationalError when it is held for so long.

    That needs the file for a moment, and SQLite does not wait for it as it does for a lock: of two who open a new file
    at once, one would fail.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            connection.execute("pragma journal_mode = wal")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
        time.sleep(_PATIENCE)

"""Whoever opens a new SQLite file at once with others waits for them, whatever it is for."""

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mlopsc.runtime.journal import Journal
from mlopsc.runtime.online.sqlite import SqliteStore
from mlopsc.runtime.registry import Registry
from mlopsc.runtime.store import Store
from mlopsc.runtime.wal import enter_wal

MANY = 8


def journal(file: Path) -> None:
    Journal(file).close()


def online(file: Path) -> None:
    SqliteStore(file)._prepare()


def registry(file: Path) -> None:
    with Registry.open(f"sqlite:///{file}", store=Store.open(str(file.parent / "store"))) as opened:
        opened._database._create()


@pytest.mark.parametrize("opened", [journal, online, registry], ids=lambda one: one.__name__)
def test_a_new_file_can_be_opened_by_many_at_once(tmp_path: Path, opened: Callable[[Path], None]) -> None:
    for number in range(25):
        file, start = tmp_path / f"{number}.db", threading.Barrier(MANY)

        def once(_: int, file: Path = file, start: threading.Barrier = start) -> None:
            start.wait()
            opened(file)

        with ThreadPoolExecutor(MANY) as pool:
            list(pool.map(once, range(MANY)))


def test_what_is_held_for_too_long_is_told(tmp_path: Path) -> None:
    file = tmp_path / "new.db"
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("begin exclusive")
    other = sqlite3.connect(file, timeout=0.05)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        enter_wal(other, 0.05)
    holder.execute("rollback")
    enter_wal(other, 0.05)
    assert other.execute("pragma journal_mode").fetchone()[0] == "wal"
    holder.close()
    other.close()

"""Many processes at once: numbers without gaps, and one champion at every moment."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select

from mlopsc.runtime.registry import Candidate, Registry
from mlopsc.runtime.registry.schema import holders
from mlopsc.runtime.store import Store

WORKER = Path(__file__).parent / "worker.py"
MODEL = "late_arrival"


def start(verb: str, location: str, tmp_path: Path, workers: int, count: int) -> list[subprocess.Popen[str]]:
    """Start workers and let all of them go at the same moment."""
    started = [
        subprocess.Popen(
            [sys.executable, str(WORKER), verb, location, str(tmp_path / "store"), str(me + 1), str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for me in range(workers)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return started


def results(started: list[subprocess.Popen[str]]) -> list[int]:
    found = []
    for process in started:
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        found += json.loads(output)
    return found


def test_400_registrations_by_8_processes_have_the_numbers_1_to_400(location: str, tmp_path: Path) -> None:
    numbers = results(start("register", location, tmp_path, workers=8, count=50))
    assert sorted(numbers) == list(range(1, 401))
    with Registry.open(location) as registry:
        assert [version.number for version in registry.versions(MODEL)] == list(range(1, 401))
        assert [entry.sequence for entry in registry.history()] == list(range(1, 401))


def test_a_stage_has_one_champion_at_every_moment(location: str, store: Store, tmp_path: Path) -> None:
    with Registry.open(location, store=store) as registry:
        for content in (b"one", b"two", b"three"):
            given = Candidate(artifacts={"model": store.put_bytes(content)}, stages={"staging": ()})
            registry.register(MODEL, given, actor="ana")
        registry.promote(MODEL, 1, "staging", expected_champion=None, actor="ana", evidence={})
        started = start("promote", location, tmp_path, workers=3, count=60)
        count = select(func.count()).select_from(holders).where(holders.c.ended.is_(None))
        seen, polls = set(), 0
        while any(process.poll() is None for process in started):
            seen.add(registry._database.rows(count)[0][0])
            assert registry.champion(MODEL, "staging") is not None
            polls += 1
        won = sum(results(started))
        assert seen == {1}
        assert polls > 10
        promotions = [entry for entry in registry.history(MODEL) if entry.action == "promote"][1:]
        assert len(promotions) == won > 3
        # Each promotion took the stage from the version that the one before had given it to.
        holder = 1
        for entry in promotions:
            assert entry.from_version == holder
            assert entry.version is not None
            holder = entry.version


@pytest.mark.parametrize("location", ["sqlite"], indirect=True)
def test_killed_writers_leave_whole_registrations(location: str, tmp_path: Path) -> None:
    started = start("register", location, tmp_path, workers=2, count=400)
    with Registry.open(location) as registry:
        while len(registry.versions(MODEL)) < 20:
            pass
        for process in started:
            os.kill(process.pid, signal.SIGKILL)
            process.communicate()
        numbers = [version.number for version in registry.versions(MODEL)]
        assert numbers == list(range(1, len(numbers) + 1))
        assert [entry.version for entry in registry.history()] == numbers
        with registry._database._engine.connect() as connection:
            assert connection.exec_driver_sql("pragma integrity_check").scalar() == "ok"

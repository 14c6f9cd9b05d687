"""A full or broken disk fails what it hits, visibly, and the next run goes on as if nothing had been."""

import importlib.util
import os
import sqlite3
import subprocess
from pathlib import Path

import pytest

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime import journal as journal_module
from mlopsc.runtime.journal import Journal
from mlopsc.runtime.store import Store

_SPEC = importlib.util.spec_from_file_location(
    "faulty_for_local", Path(__file__).parents[3] / "tests" / "runtime" / "faulty.py"
)
faulty = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(faulty)


@pytest.fixture
def sound():
    """Puts the real calls back."""
    real = {name: getattr(os, name) for name in faulty.CALLS}

    def restore() -> None:
        for name, call in real.items():
            setattr(os, name, call)

    yield restore
    restore()


@pytest.mark.parametrize("how", ["ENOSPC", "EIO"])
def test_a_disk_that_refuses_any_one_write_fails_the_run_or_nothing(
    project, make, sound, how, tmp_path_factory
):
    steps = (make.verdict("first"), make.verdict("second", "first"))
    expected = project.run(*steps).outputs()
    failures = 0
    for number in range(1, 61):
        other = type(project)(tmp_path_factory.mktemp("full"))
        faulty.break_call(number, how)
        try:
            result = other.run(*steps)
        except MlopscError as error:
            outcome, words = "error", str(error)
        else:
            outcome, words = result.status, str([step.reason for step in result.steps])
        finally:
            sound()
        assert outcome in ("error", "failed") or result.outputs() == expected
        if outcome != "succeeded":
            failures += 1
            assert os.strerror(28 if how == "ENOSPC" else 5) in words
        assert other.run(*steps).outputs() == expected
        assert Store.open(other.state / "store").doctor() == []
    assert failures > 10


def test_a_full_journal_stops_the_run_and_says_so(project, make, monkeypatch):
    with Journal.of_project(project.folder):
        pass
    real = sqlite3.connect

    def full(*arguments, **options):
        connection = real(*arguments, **options)
        connection.execute("pragma max_page_count = 1")  # no page more than there are
        return connection

    monkeypatch.setattr(journal_module.sqlite3, "connect", full)
    steps = [make.verdict("v0"), *(make.verdict(f"v{number}", f"v{number - 1}") for number in range(1, 300))]
    with pytest.raises(MlopscError, match=r"cannot use the journal .* full") as error:
        project.run(*steps)
    assert error.value.exit_code == 3
    monkeypatch.undo()
    assert project.run(*steps).status == "succeeded"


def test_a_step_whose_files_cannot_be_laid_out_fails(project, make):
    steps = (make.rows("a"), make.verdict("first"), make.verdict("second", "first"))
    project.run(steps[1])
    runs = project.state / "runs"
    runs.rmdir()
    runs.write_text("in the way")
    result = project.run(*steps)
    assert make.statuses(result) == {"load_a": "failed", "first": "cached", "second": "failed"}
    assert "cannot write" in make.reason(result, "load_a")
    assert "cannot write" in make.reason(result, "second")
    runs.unlink()
    assert project.run(*steps).status == "succeeded"


@pytest.fixture
def small_disk(tmp_path):
    """A disk of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"needs to mount a small disk (as root): {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_disk_that_is_really_full_is_named_and_with_room_the_run_succeeds(project, make, small_disk):
    other = type(project)(small_disk)
    steps = (make.rows("a"), make.view("all", "select * from a", "a"))
    room = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
    (small_disk / "filler").write_bytes(bytes(room - 100_000))
    try:
        result = other.run(*steps)
    except MlopscError as error:
        words = str(error)
    else:
        assert result.status == "failed"
        words = str([step.reason for step in result.steps])
    assert str(small_disk) in words
    assert "No space left on device" in words or "disk is full" in words
    (small_disk / "filler").unlink()
    assert other.run(*steps).outputs() == project.run(*steps).outputs()
    assert Store.open(other.state / "store").doctor() == []

"""A project that cannot be written to, such as a colleague's or one in an image, can be looked at."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import CommandLine


@pytest.fixture
def sealed(trained: Path) -> Iterator[Path]:
    """A project whose run is over, without rights to write; for root, who has them all, mounted read-only."""
    if os.geteuid():
        subprocess.run(["chmod", "-R", "a-w", str(trained)], check=True)
        yield trained
        subprocess.run(["chmod", "-R", "u+w", str(trained)], check=True)
        return
    mount = ["mount", "--bind", str(trained), str(trained)]
    if shutil.which("mount") is None or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("run as a user without root's rights, or where root may mount")
    subprocess.run(["mount", "-o", "remount,ro,bind", str(trained)], check=True)
    home = Path.cwd()
    os.chdir(trained)  # from below the mount into it
    yield trained
    os.chdir(home.parent)
    subprocess.run(["umount", str(trained)], check=True)


def test_runs_and_versions_can_be_listed(sealed: Path, cli: CommandLine) -> None:
    listed = json.loads(cli("runs", "--json").out)["runs"]
    assert [run["status"] for run in listed] == ["succeeded"]
    assert json.loads(cli("registry", "list", "--json").out)["models"]["lateness"]["versions"] == 1
    assert cli("registry", "show", "lateness@staging").status == 0
    assert cli("registry", "history").status == 0


def test_runs_can_be_judged_again(sealed: Path, cli: CommandLine) -> None:
    said = json.loads(cli("gates", "replay", "--json", "--var", "least=0.999").out)
    assert (said["runs"], said["blocked_then"], said["blocked_now"]) == (1, 0, 1)


def test_doctor_says_that_nothing_can_run(sealed: Path, cli: CommandLine) -> None:
    done = cli("doctor", "--json")
    assert done.status == 0
    found = json.loads(done.out)["findings"]
    assert any(one["status"] == "note" and "cannot be written to" in one["message"] for one in found)


@pytest.mark.parametrize(
    "command", [["run"], ["registry", "promote", "lateness/1", "--to", "production"], ["gc", "--days", "0"]]
)
def test_what_must_write_says_so(sealed: Path, cli: CommandLine, command: list[str]) -> None:
    done = cli(*command)
    assert done.status in (3, 4)
    assert "Traceback" not in done.err
    assert "rror" in done.err

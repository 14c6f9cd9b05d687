"""A program that is mlopsc's own is forked for its steps; any other process never is."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mlopsc.runtime.forked import can_fork

HERE = Path(__file__).parent
PROGRAM = """
import json, sys
from pathlib import Path
from mlopsc.runtime.forked import Forked, allow_forks
from mlopsc.runtime.workers import Workers

print("said before", end="")  # waits in the buffer
{before}
with Workers() as workers:
    forked = isinstance(workers._process, Forked)
    outcome = workers.run(
        "step_entries:surroundings", {names}, log=Path("log"), env={{"MLOPSC_TEST": "a b"}}, timeout=60
    )
    group = outcome.value["group"]
    again = workers.run("step_entries:echo", "é", log=Path("log"), timeout=60).value
    import os, signal
    if forked:
        os.kill(workers._process.pid, signal.SIGKILL)
        died = workers.run("step_entries:echo", 1, log=Path("log"), timeout=60)
        after = workers.run("step_entries:echo", 2, log=Path("log"), timeout=60)
        mended = [died.kind, after.value]
    else:
        mended = None
print()
print(json.dumps([forked, outcome.kind, outcome.value, again, mended]))
"""


def run(folder: Path, before: str, names: list[str]) -> tuple[str, list[Any]]:
    """Run the program; return what it printed before its steps, and what it found."""
    code = PROGRAM.format(before=before, names=names)
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env={"PYTHONPATH": str(HERE), "PATH": ""},
        stdin=subprocess.DEVNULL,
    )
    first, second = done.stdout.splitlines()
    return first, json.loads(second)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks")
def test_steps_of_a_program_are_forks_of_it(tmp_path: Path) -> None:
    names = ["MLOPSC_TEST", "colorsys", "this"]
    said, (forked, kind, value, again, mended) = run(tmp_path, "import colorsys; allow_forks()", names)
    assert said == "said before", "a step has written again what waited in the buffer"
    assert (forked, kind, again) == (True, "ok", "é")
    assert value["modules"] == ["colorsys"], "what the program has imported is there"
    assert (value["env"]["MLOPSC_TEST"], value["stdin"], value["group"]) == ("a b", "", True)
    assert value["cwd"] == str(tmp_path)
    assert not {"", str(tmp_path)} & set(value["path"]), "nothing of the folder where it runs is imported"
    assert mended == ["died", 2], "when it dies, another takes its place"
    assert "said before" not in (tmp_path / "log").read_text()


@pytest.mark.parametrize(
    "before",
    [
        "",
        "allow_forks(); kept = open('database', 'w')",
        "allow_forks(); import threading, time; threading.Thread(target=time.sleep, args=(2,), daemon=True).start()",
    ],
    ids=["not-ours", "open-file", "thread"],
)
def test_no_other_process_is_forked(tmp_path: Path, before: str) -> None:
    said, (forked, kind, value, again, _) = run(tmp_path, before, ["MLOPSC_TEST"])
    assert said == "said before"
    assert (forked, kind, again) == (False, "ok", "é")
    assert value["env"]["MLOPSC_TEST"] == "a b"


def test_tests_are_not_forked() -> None:
    assert not can_fork()

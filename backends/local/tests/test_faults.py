"""Kills, full disks and broken disks at every call by which a run changes a file, SQLite's and Arrow's among them.

A library that is loaded into the run's processes breaks the calls (`faults.c`): in store, journal, registry, run
folder, and what steps write. Each mode is tried on a sample of a run's calls, and in the slow tests on all of them.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import mlopsc
from mlopsc.api import check_spec
from mlopsc.doctor import examine
from mlopsc.runtime.context import Context
from mlopsc.runtime.journal import Journal

COMPILER = shutil.which("cc") or shutil.which("gcc")
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the calls are broken by LD_PRELOAD, on Linux"),
    pytest.mark.skipif(COMPILER is None, reason="needs a C compiler: apt install gcc"),
]
HOW = {"kill": 1, "all": 2, "ENOSPC": 3, "EIO": 4, "full": 5}
WORDS = (
    "No space left on device",
    "disk is full",
    "Input/output error",
    "disk I/O error",
    "check free space",
)

SERVER = """
import json, mmap, os, struct, sys
from pathlib import Path
from mlopsc.diagnostics.errors import MlopscError
from mlopsc.plan.plan import Plan
from mlopsc.targets import RunRequest
from mlopsc_local.scheduler import run_pipeline

with open(os.environ["FAULT_STATE"], "r+b") as file:
    state = mmap.mmap(file.fileno(), 0)

def run(order):
    os.chdir(order["project"])
    state[:32] = struct.pack("4l", 0, order["at"], order["how"], os.getpid())
    state[32:] = order["root"].encode().ljust(len(state) - 32, b"\\0")
    plan = Plan.model_validate_json(Path(order["plan"]).read_text())
    try:
        result = run_pipeline(RunRequest(plan, plan.pipelines[0], Path.cwd()))
        return {"status": result.status, "told": result.model_dump(mode="json")["steps"]}
    except MlopscError as error:
        return {"status": "error", "told": f"{error} ({error.help})"}

for line in sys.stdin:
    order = json.loads(line)
    read, write = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(read)
        with os.fdopen(write, "w") as pipe:
            json.dump(run(order), pipe)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    os.waitpid(process, 0)
    calls = struct.unpack("l", state[:8])[0]
    state[32:] = bytes(len(state) - 32)
    print(json.dumps({"calls": calls} | (json.loads(text) if text else {"status": "killed", "told": None})), flush=True)
"""


@dataclass(frozen=True)
class Ended:
    """How a run ended, in words for a reader, and how many calls it had made till then."""

    status: str
    told: Any
    calls: int

    def outputs(self) -> dict[str, Any]:
        """Return the digests of everything that it made, by step."""
        return {step["name"]: step["outputs"] for step in self.told}


class Broken:
    """Runs of plans in processes that a fault can be planted into."""

    def __init__(self, folder: Path, library: Path) -> None:
        state = folder / "state"
        state.write_bytes(bytes(32 + 2048))
        self.log = folder / "log"
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "LD_PRELOAD": str(library),
                "FAULT_STATE": str(state),
                "FAULT_LOG": str(self.log),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
        )

    def run(self, project, steps, at: int = 0, how: str = "kill") -> Ended:
        """Run, with the `at`th changing call broken; 0 breaks none."""
        plan = project.write("plan.json", project.plan(*steps).model_dump_json())
        return self.run_plan(project.folder, plan, at, how)

    def run_plan(self, folder: Path, plan: Path, at: int = 0, how: str = "kill") -> Ended:
        """Run the first pipeline of a plan's file in a project's folder."""
        order = {"project": str(folder), "plan": str(plan), "root": str(folder / ".mlopsc")}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.log.write_text("")
        self._process.stdin.write(json.dumps(order | {"at": at, "how": HOW[how]}) + "\n")
        self._process.stdin.flush()
        return Ended(**json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


@pytest.fixture(scope="module")
def broken(tmp_path_factory) -> Iterator[Broken]:
    assert COMPILER is not None
    folder = tmp_path_factory.mktemp("faults")
    source, library = Path(__file__).parent / "faults.c", folder / "faults.so"
    subprocess.run([COMPILER, "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], check=True)
    server = Broken(folder, library)
    yield server
    server.close()


def light(make):
    """A run in one process."""
    return [make.verdict("first"), make.verdict("second", "first"), make.verdict("third", "second")]


def forked(make):
    """A run whose steps are processes, of Arrow and DuckDB."""
    return [make.csv("a", "source.csv"), make.view("all", "select * from a", "a")]


def fresh(project, tmp_path_factory):
    other = type(project)(tmp_path_factory.mktemp("broken"))
    other.write("source.csv", "id,value\n1,2\n")
    return other


SPEC = """
apiVersion: mlopsc/v1
project: {name: shapes}
datasets:
  rows:
    source: {type: csv, path: rows.csv}
    primary_key: [id]
    columns: {id: {type: int64}, size: {type: int64}, big: {type: bool}}
training:
  shapes:
    entities: {dataset: rows, label: big}
    features: [size]
    estimator: sklearn.linear_model.LogisticRegression
    params: {C: 1.0}
    metrics: [accuracy]
gates:
  good: {type: metric, training: shapes, metric: accuracy, min: 0.5}
registry:
  shapes: {training: shapes, stages: {staging: {gates: [good]}}}
"""


def write_plan(folder: Path, spec: str) -> Path:
    """Compile a spec in a folder; return the plan's file."""
    (folder / "mlops.yaml").write_text(spec)
    plan = folder / "plan.json"
    plan.write_text(check_spec(folder / "mlops.yaml").require().model_dump_json())
    return plan


def served(folder: Path) -> str:
    """Return the version that is served, after a look that its file is whole and loads."""
    return mlopsc.load_model("shapes@staging", project=folder).name


def faults(folder: Path) -> list[str]:
    """Return what doctor finds wrong with what a project keeps."""
    found = examine(Context(project=folder))
    return [one.message for one in found if one.status == "fault" and one.subject != "environment"]


def survives(broken, project, steps, at: int, how: str, expected: dict[str, Any]) -> str:
    """Break one call of a run, check what it leaves, run again; return the run's status."""
    ended = broken.run(project, steps, at, how)
    place = f"call {at}, {how}: {ended}"
    if ended.status == "succeeded":
        assert ended.outputs() == expected, place
    elif ended.status != "killed" and how not in ("kill", "all"):
        assert any(word in str(ended.told) for word in WORDS), place
        assert str(project.folder) in str(ended.told), place
    again = broken.run(project, steps)
    assert again.status == "succeeded", f"{place}\nagain: {again}"
    assert again.outputs() == expected, place
    assert faults(project.folder) == [], place
    with Journal.of_project(project.folder) as journal:
        assert "running" not in {run.status for run in journal.runs()}, place
        assert not [
            step for run in journal.runs() for step in journal.steps(run.id) if step.status == "running"
        ]
    return ended.status


def sweep(
    broken, project, make, tmp_path_factory, steps, how: str, every: int, begin: int = 1
) -> dict[str, int]:
    """Break every so manyth call in a project of its own; return how often the runs ended how."""
    whole = broken.run(fresh(project, tmp_path_factory), steps)
    assert whole.status == "succeeded"
    found: dict[str, int] = {}
    for at in range(begin, whole.calls + 1, every):
        other = fresh(project, tmp_path_factory)
        status = survives(broken, other, steps, at, how, whole.outputs())
        found[status] = found.get(status, 0) + 1
        shutil.rmtree(other.folder)
    print(f"{how}: {whole.calls} calls, {sum(found.values())} of them broken: {found}")
    return found


@pytest.mark.parametrize("how", HOW)
def test_a_run_survives_a_fault_at_a_call(broken, project, make, tmp_path_factory, how):
    found = sweep(broken, project, make, tmp_path_factory, light(make), how, 19, 1 + HOW[how])
    assert set(found) != {"succeeded"}


@pytest.mark.slow
@pytest.mark.parametrize("how", HOW)
def test_a_run_survives_a_fault_at_any_call(broken, project, make, tmp_path_factory, how):
    found = sweep(broken, project, make, tmp_path_factory, light(make), how, 1)
    assert set(found) != {"succeeded"}


@pytest.mark.slow
@pytest.mark.parametrize("how", HOW)
def test_steps_in_processes_survive_a_fault_at_any_call(broken, project, make, tmp_path_factory, how):
    found = sweep(broken, project, make, tmp_path_factory, forked(make), how, 5, HOW[how])
    assert set(found) != {"succeeded"}


@pytest.mark.slow
@pytest.mark.parametrize("how", HOW)
def test_a_registration_survives_and_a_champion_is_served_throughout(broken, tmp_path_factory, how):
    first = tmp_path_factory.mktemp("first") / "project"
    first.mkdir()
    rows = "".join(f"{number},{number % 17},{number % 17 + number % 5 > 8}\n" for number in range(200))
    (first / "rows.csv").write_text(f"id,size,big\n{rows}")
    assert broken.run_plan(first, write_plan(first, SPEC)).status == "succeeded"
    assert served(first) == "shapes/1"

    def again(name: str) -> tuple[Path, Path]:
        """Return a copy of the project, with the plan of another model."""
        folder = tmp_path_factory.mktemp(name) / "project"
        shutil.copytree(first, folder)
        return folder, write_plan(folder, SPEC.replace("C: 1.0", "C: 0.5"))

    whole = broken.run_plan(*again("whole"))
    assert whole.status == "succeeded"
    lines = broken.log.read_text().splitlines()
    registry = [number for number, line in enumerate(lines, 1) if "/registry.db" in line]
    model = next(number for number, line in enumerate(lines, 1) if line.endswith("train_shapes/model"))
    for at in (model, registry[0], registry[len(registry) // 2], registry[-1]):
        folder, plan = again("again")
        ended = broken.run_plan(folder, plan, at, how)
        place = f"call {at}, {how}: {ended}"
        assert served(folder) in ("shapes/1", "shapes/2"), place
        assert broken.run_plan(folder, plan).status == "succeeded", place
        assert served(folder) == "shapes/2", place
        assert faults(folder) == [], place
        with Context(project=folder).registry() as opened:
            assert [version.number for version in opened.versions("shapes")] == [1, 2], place
            assert [entry.action for entry in opened.history()] == ["register", "promote"] * 2, place

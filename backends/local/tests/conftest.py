"""Tiny projects: plans made by hand, run by the real scheduler, with user code that tests can steer."""

import importlib.util
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mlopsc_local.choice import choose
from mlopsc_local.dry_run import explain
from mlopsc_local.scheduler import run_pipeline

from mlopsc.plan.plan import Pipeline, Plan, Step
from mlopsc.targets import RunRequest

_SPEC = importlib.util.spec_from_file_location(
    "plans_for_local", Path(__file__).parents[3] / "tests" / "plans.py"
)
plans = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(plans)

CODE = """
import os, signal, sys, time
from pathlib import Path
from helper import FACTOR

def rows(name="a", hook=""):
    with open("calls", "a") as calls:
        calls.write(name + "\\n")
    print("rows of", name)
    exec(hook)
    Path("made").mkdir(exist_ok=True)
    path = Path(f"made/{name}.csv")
    path.write_text(f"id,value\\n1,{FACTOR}\\n2,{2 * FACTOR}\\n")
    return path
"""

DRIVER = """
import sys
from pathlib import Path
from mlopsc.diagnostics.errors import MlopscError
from mlopsc.plan.plan import Plan
from mlopsc.targets import RunRequest
from mlopsc_local.scheduler import run_pipeline
if __name__ == "__main__":
    plan = Plan.model_validate_json(Path(sys.argv[1]).read_text())
    try:
        result = run_pipeline(RunRequest(plan, plan.pipelines[0], Path.cwd()))
    except KeyboardInterrupt:
        print("interrupted")
        sys.exit(130)
    except MlopscError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
    print(result.model_dump_json())
"""


class Project:
    """A project's folder, and runs of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.policy: dict[str, Any] = {}
        self.spawned: list[subprocess.Popen[str]] = []
        self.write("code_of_user.py", CODE)
        self.write("helper.py", "FACTOR = 10\n")

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def plan(self, *steps: Step) -> Plan:
        pipeline = Pipeline(name="train", kind="train", title="A test", steps=steps)
        targets = {"local": {"policy": self.policy}} if self.policy else {}
        return Plan(project="tiny", spec="mlops.yaml", pipelines=(pipeline,), targets=targets)

    def request(self, *steps: Step, **more: Any) -> RunRequest:
        plan = self.plan(*steps)
        return RunRequest(plan=plan, pipeline=plan.pipelines[0], project=self.folder, **more)

    def run(self, *steps: Step, choice: dict[str, Any] | None = None, **more: Any):
        request = self.request(*steps, **more)
        return run_pipeline(request, choose(request.pipeline, **(choice or {})))

    def explain(self, *steps: Step, choice: dict[str, Any] | None = None, **more: Any):
        request = self.request(*steps, **more)
        return explain(request, choose(request.pipeline, **(choice or {})))

    def spawn(self, *steps: Step, before: str = "") -> subprocess.Popen[str]:
        """Start a run in a process group of its own; `before` is Python text that comes first."""
        plan = self.write("plan.json", self.plan(*steps).model_dump_json())
        driver = self.write("driver.py", before + DRIVER)
        process = subprocess.Popen(
            [sys.executable, str(driver), str(plan)],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        self.spawned.append(process)
        return process

    def calls(self) -> Counter[str]:
        """How often the user's function ran, by its argument `name`."""
        file = self.folder / "calls"
        return Counter(file.read_text().split() if file.exists() else ())

    @property
    def state(self) -> Path:
        return self.folder / ".mlopsc"

    def log(self, result, step: str) -> str:
        return (self.state / "runs" / result.run / f"{step}.log").read_text()


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = Project(tmp_path)
    yield made
    for process in made.spawned:  # of a test that failed
        if process.poll() is None:
            process.kill()
            process.communicate()


def statuses(result) -> dict[str, str]:
    return {step.name: step.status for step in result.steps}


def reason(result, name: str) -> str:
    return next(step.reason for step in result.steps if step.name == name)


@pytest.fixture
def make():
    """Makers of steps."""
    return Makers


class Makers:
    statuses = staticmethod(statuses)
    reason = staticmethod(reason)
    step = staticmethod(plans.step)

    @staticmethod
    def rows(name: str = "a", *, hook: str = "", **more: Any) -> Step:
        """A load by the user's function, which calls `hook` (Python text)."""
        source = {"type": "python", "python": "code_of_user:rows", "args": {"name": name, "hook": hook}}
        return plans.step(f"load_{name}", "load", {"dataset": name, "source": source}, **more)

    @staticmethod
    def csv(name: str, path: str, **more: Any) -> Step:
        source = {"type": "csv", "path": path}
        return plans.step(f"load_{name}", "load", {"dataset": name, "source": source}, **more)

    @staticmethod
    def view(name: str, sql: str, *tables: str, **more: Any) -> Step:
        """A SQL view over loads (by dataset) and views (`view_x`)."""
        inputs = {
            table: f"{table}.table" if table.startswith("view_") else f"load_{table}.data" for table in tables
        }
        return plans.step(
            f"view_{name}", "sql_view", {"view": name, "sql": sql, "tables": tables}, inputs, **more
        )

    @staticmethod
    def validate(name: str, *, most: int = 10, **more: Any) -> Step:
        check = {"expect": "table_row_count_to_be_between", "max_value": most}
        return plans.step(
            f"validate_{name}",
            "validate",
            {"dataset": name, "checks": [check]},
            {"data": f"load_{name}.data"},
            **more,
        )

    @staticmethod
    def verdict(name: str = "verdict", *decisions: str, **more: Any) -> Step:
        """A light step over the decisions of other verdicts."""
        inputs = {decision: f"{decision}.decision" for decision in decisions}
        return plans.step(name, "verdict", {"decisions": decisions}, inputs, **more)

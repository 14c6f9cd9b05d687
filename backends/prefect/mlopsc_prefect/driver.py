"""The child process of a run: runs a generated flow and tells, one JSON line each, what becomes of its steps.

    python -m mlopsc_prefect.driver MODULE FLOW DESCRIPTOR < parameters.json

Lines go to the open file descriptor: `{"step", "event": "started"}`, `{"step", "event": "finished", "status",
"seconds", "outputs", "reason"}`, and last `{"run", "reason"}`, the flow run and why it failed.
"""

import importlib.util
import json
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import IO, Any

from prefect import Task
from prefect.client.schemas.objects import State, TaskRun

from mlopsc.diagnostics.errors import MlopscError, Refusal
from mlopsc_prefect.states import content


@dataclass
class _Reporter:
    """Hooks of tasks, called in the threads that run them."""

    stream: IO[str]
    started: dict[str, float] = field(default_factory=dict)
    tries: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def on_running(self, task: Task[..., Any], run: TaskRun, state: State[Any]) -> None:  # noqa: ARG002
        step = _step(task, run)
        self.tries[step] = self.tries.get(step, 0) + 1
        if step not in self.started:
            self.started[step] = time.monotonic()
            self.tell({"step": step, "event": "started"})

    def on_end(self, task: Task[..., Any], run: TaskRun, state: State[Any]) -> None:
        step, found = _step(task, run), content(state)
        line: dict[str, Any] = {"step": step, "event": "finished", "outputs": {}, "reason": None}
        line["seconds"] = time.monotonic() - self.started.get(step, time.monotonic())
        if state.is_completed():
            line |= {"status": "run", "outputs": dict(found)}
        elif isinstance(found, Refusal):
            line |= {"status": "refused", "reason": str(found), "outputs": found.outputs}
        else:
            line |= {"status": "failed", "reason": _reason(found, state, self.tries.get(step, 1))}
        self.tell(line)

    def tell(self, line: dict[str, Any]) -> None:
        with self.lock:
            self.stream.write(json.dumps(line) + "\n")
            self.stream.flush()


def _step(task: Task[..., Any], run: TaskRun) -> str:
    """Return the step that a task run is: a mapped task's runs are named after theirs."""
    return task.name if task.task_run_name is None else run.name


def main(module: str, flow: str, descriptor: str) -> None:
    """Run the flow; a failing step is told, not raised."""
    os.set_inheritable(int(descriptor), False)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts with `&` ignores it
    with os.fdopen(int(descriptor), "w", encoding="utf-8") as stream:
        reporter = _Reporter(stream)
        generated = _load(Path(module))
        for one in vars(generated).values():
            if isinstance(one, Task):
                one.on_running(reporter.on_running)
                one.on_completion(reporter.on_end)
                one.on_failure(reporter.on_end)
        state = getattr(generated, flow)(**json.load(sys.stdin), return_state=True)
        ended = None if state.is_completed() else _reason(content(state), state, 1)
        reporter.tell({"run": str(state.state_details.flow_run_id), "reason": ended})


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _reason(found: Any, state: State[Any], tries: int) -> str:
    if isinstance(found, MlopscError):
        said = f"{found} ({found.help})" if found.help else str(found)
    elif isinstance(found, BaseException):
        said = f"{type(found).__name__}: {found}"
    else:
        said = state.message or state.name or "failed"
    return f"{said} (after {tries} tries)" if tries > 1 else said


if __name__ == "__main__":
    main(*sys.argv[1:])

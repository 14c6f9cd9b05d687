"""Runs a pipeline from its compiled IR on this machine, and tells what became of each step by the files it left.

The runner's own status is not enough: a step counts as run when kfp's executor recorded its end and each of its
outputs exists. One that may refuse did so when its output says so.
"""

import contextlib
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.plan.fans import fan_outs
from mlopsc.plan.plan import Infrastructure, Plan, Step
from mlopsc.plan.result import RunResult, RunStatus, StepResult, StepStatus
from mlopsc.runtime.context import REGISTRY_VARIABLE, STATE_FOLDER, STORE_VARIABLE, Context
from mlopsc.runtime.execution import ACTOR_VARIABLE, PROJECT_VARIABLE
from mlopsc.runtime.store import digest_of_file
from mlopsc.targets import RunRequest
from mlopsc.vocabulary.operations import operation_class
from mlopsc_kfp.emit import emit, step_components
from mlopsc_kfp.settings import PLACEHOLDER

_NOMINAL_IMAGE = "python:local"
"""Stands for the image that a local run has no use for; kfp warns of names without `python`."""
_EXECUTING = re.compile(r"INFO - Executing task (?:\x1b\[\d+m)?'([^']+)'")
_RAISED = re.compile(r"    ([A-Za-z_][\w.]*)(?:: (.*))?$")
"""The last line of a traceback, as kfp's runner indents it."""
_DONE = "executor_output.json"


@dataclass
class _Run:
    """A run in progress: where each step's files come to lie, and what the log has told so far."""

    request: RunRequest
    root: Path
    tasks: dict[str, str]
    """Step → the folder of its task, under the run's own in `root`."""
    steps: dict[str, tuple[str, ...]]
    """Task → its step, or all those of a fan-out."""
    files: dict[str, dict[str, str]]
    """Step → port → file name."""
    started: dict[str, float] = field(default_factory=dict)
    results: dict[str, StepResult] = field(default_factory=dict)
    current: tuple[str, ...] = ()
    """The step that runs, or the steps of the fan-out."""
    raised: str | None = None
    """What the last traceback meanwhile ended with."""
    in_traceback: bool = False


def run(request: RunRequest, *, containers: bool = False) -> RunResult:
    """Compile the pipeline, run it with kfp's local runner in the project's folder, and wait for it.

    The log, the IR and all artifacts stay in `.mlopsc/kfp/<run>`. With `containers`, steps run in containers of the
    images that the spec names, which a Docker engine of this machine has; the project's `.mlopsc` is theirs too, and
    registry and store lie in it. Raises MlopscError when the pipeline cannot be compiled, or a parameter's text is one
    that kfp would expand.
    """
    refuse_placeholders(request)
    started = datetime.now(UTC)
    name = f"kfp-{started:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    folder = request.project.resolve() / STATE_FOLDER / "kfp" / name
    root = folder / "artifacts"
    root.mkdir(parents=True)
    ir = folder / "pipeline.yaml"
    plan = _local_plan(request)
    ir.write_text(emit(plan, request.project)[1].text, encoding="utf-8")
    arguments = folder / "arguments.json"
    arguments.write_text(json.dumps(dict(request.parameters)), encoding="utf-8")
    progress = _expected(request, plan, root, ir)
    log = folder / "log"
    if containers:
        state = request.project.resolve() / STATE_FOLDER
        with _shared(state, root):
            _carry_out(progress, ir, arguments, log, state)
    else:
        _carry_out(progress, ir, arguments, log, None)
    results = tuple(
        progress.results.get(step.name) or _result(progress, step) for step in request.pipeline.steps
    )
    return RunResult(
        run=name,
        pipeline=request.pipeline.name,
        target="kfp",
        status=_status(results),
        steps=results,
        parameters=dict(request.parameters),
    )


def refuse_placeholders(request: RunRequest) -> None:
    """Raise MlopscError for a parameter's text that kfp would expand."""
    for name, value in request.parameters.items():
        if isinstance(value, str) and (found := PLACEHOLDER.search(value)):
            raise MlopscError(
                f"parameter {name!r} contains {found.group()!r}, which Kubeflow Pipelines takes for a "
                "placeholder of its own",
                help=f"give a value without {found.group()!r}",
            )


def _local_plan(request: RunRequest) -> Plan:
    """Return the plan of this one pipeline for this machine: its registry and store come by the environment."""
    settings = dict(request.plan.targets.get("kfp", {}))
    settings.setdefault("image", _NOMINAL_IMAGE)
    return request.plan.model_copy(
        update={
            "pipelines": (request.pipeline,),
            "targets": {"kfp": settings},
            "infrastructure": Infrastructure(),
        }
    )


def _expected(request: RunRequest, plan: Plan, root: Path, ir: Path) -> _Run:
    """Return a run in which nothing has happened yet; the IR says which task is which step."""
    document = next(yaml.safe_load_all(ir.read_text(encoding="utf-8")))
    components, fans = step_components(plan, request.pipeline), fan_outs(request.pipeline.steps)
    tasks: dict[str, str] = {}
    steps: dict[str, tuple[str, ...]] = {}
    for name, task in document["root"]["dag"]["tasks"].items():
        inner = document["components"][task["componentRef"]["name"]].get("dag")
        if inner is None:
            tasks[task["taskInfo"]["name"]] = folder = _folder(task)
            steps[folder] = (task["taskInfo"]["name"],)
            continue
        (looped,) = inner["tasks"].values()
        members = fans[looped["taskInfo"]["name"]].names
        steps[_folder(looped)] = members
        tasks |= {
            member: f"{name}-iteration-{index}/{_folder(looped)}" for index, member in enumerate(members)
        }
    return _Run(
        request=request,
        root=root,
        tasks=tasks,
        steps=steps,
        files={
            step.name: {port: components[step.name].argument("output", port) for port in step.outputs}
            for step in request.pipeline.steps
        },
    )


def _folder(task: Mapping[str, Any]) -> str:
    """Return the name by which kfp's runner calls a task, and its folder."""
    return str(task["componentRef"]["name"]).removeprefix("comp-")


def _carry_out(progress: _Run, ir: Path, arguments: Path, log: Path, state: Path | None) -> None:
    """Run the pipeline in a child process and follow its output until it ends."""
    given = [ir, arguments, progress.root, *([] if state is None else [state])]
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "mlopsc_kfp.local_runner", *map(str, given)],
        cwd=progress.request.project,
        env=_environment(progress.request),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    with process, log.open("w", encoding="utf-8") as kept:
        try:
            for line in process.stdout or ():
                kept.write(line)
                _follow(progress, line)
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            raise
    _leave(progress)
    if not progress.started:
        last = log.read_text(encoding="utf-8").strip().splitlines()[-1:] or ["it said nothing"]
        raise MlopscError(f"kfp's local runner did not start: {last[0]}", help=f"its log is {log}")


@contextlib.contextmanager
def _shared(*folders: Path) -> Iterator[None]:
    """Let the image's user, who is another one of group 0, write to these folders and to those made in them."""
    for folder in folders:
        folder.chmod(0o775)
    before = os.umask(0o002)
    try:
        yield
    finally:
        os.umask(before)


def _environment(request: RunRequest) -> dict[str, str]:
    infrastructure = request.plan.infrastructure
    chosen = {
        PROJECT_VARIABLE: str(request.project.resolve()),
        ACTOR_VARIABLE: request.actor,
        REGISTRY_VARIABLE: request.registry_url or infrastructure.registry,
        STORE_VARIABLE: request.store_url or infrastructure.store,
        "PYTHONUNBUFFERED": "1",
    }
    return {**os.environ, **{name: value for name, value in chosen.items() if value is not None}}


def _follow(progress: _Run, line: str) -> None:
    """Take notice of a line of the log: a step starts, or a traceback says why one stops."""
    if found := _EXECUTING.search(line):
        steps = progress.steps.get(found.group(1), ())
        if steps == progress.current:  # another try, or another one of a fan-out
            progress.raised = progress.raised if len(steps) > 1 else None
            return
        _leave(progress)
        progress.current = steps
        for step in steps:
            progress.started[step] = time.monotonic()
            if progress.request.on_start:
                progress.request.on_start(step)
    elif "Traceback (most recent call last)" in line:
        progress.in_traceback = True
    elif progress.in_traceback and (found := _RAISED.match(line)):
        progress.raised = found.group(2) or found.group(1)


def _leave(progress: _Run) -> None:
    """Settle the results of what ran last, from the files: the last try decides."""
    for name in progress.current:
        step = progress.request.pipeline.step(name)
        result = _result(progress, step)
        progress.results[step.name] = result
        if progress.request.on_step:
            progress.request.on_step(result)
    progress.current, progress.raised, progress.in_traceback = (), None, False


def _result(progress: _Run, step: Step) -> StepResult:
    folder = next(progress.root.glob(f"*/{progress.tasks[step.name]}"), None)
    files = {port: folder / name for port, name in progress.files[step.name].items()} if folder else {}
    status: StepStatus
    if step.name not in progress.started:
        status, reason = "skipped", "an earlier step stopped the run"
    elif folder and (folder / _DONE).is_file() and all(file.is_file() for file in files.values()):
        status, reason = "run", None
    else:
        status = "refused" if _refused(step, files) else "failed"
        reason = progress.raised or "it ended without its outputs; the log says more"
    started = progress.started.get(step.name)
    return StepResult(
        name=step.name,
        operation=step.operation,
        status=status,
        seconds=None if started is None or step.fan else time.monotonic() - started,
        outputs={} if status == "failed" else _kept(progress.request, step, files),
        reason=reason,
        source=str(step.source),
    )


def _refused(step: Step, files: Mapping[str, Path]) -> bool:
    """Whether a step that did not end well wrote an output that says why: a declared rule."""
    if not operation_class(step.operation).refuses:
        return False
    try:
        said = [
            json.loads(file.read_bytes())
            for port, file in files.items()
            if step.outputs[port] in ("decision", "report")
        ]
    except (OSError, ValueError):
        return False
    return any(output.get("passed") is False or output.get("verdict") == "fail" for output in said)


def _kept(request: RunRequest, step: Step, files: Mapping[str, Path]) -> dict[str, str]:
    """Return the digests of a step's outputs; what tells of the run goes into the store, and so do its datasets."""
    context = Context(request.project, registry_url=request.registry_url, store_url=request.store_url)
    store = context.store()
    return {
        port: store.put_file(file) if _tells(step, port) else digest_of_file(file)
        for port, file in files.items()
        if file.is_file()
    }


def _tells(step: Step, port: str) -> bool:
    """Whether an artifact is one that whoever asked for the run wants to read, or data to make a version again from."""
    return step.outputs[port] in ("decision", "metrics", "report") or step.operation in ("predict", "load")


def _status(results: Iterable[StepResult]) -> RunStatus:
    found = {result.status for result in results}
    if "failed" in found:
        return "failed"
    if "refused" in found:
        return "refused"
    return "failed" if "skipped" in found else "succeeded"

"""Runs a pipeline on a Kubeflow Pipelines server, through kfp's own client, and follows it there.

The server tells each task's state and nothing of its artifacts: outputs have no digests here, and only the last step,
`verdict`, is known to have been refused rather than to have crashed.
"""

import contextlib
import io
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.plan.fans import fan_outs
from mlopsc.plan.plan import Step
from mlopsc.plan.result import RunResult, RunStatus, StepResult, StepStatus
from mlopsc.targets import Remote, RunRequest
from mlopsc_kfp.emit import emit, pipeline_name
from mlopsc_kfp.run import refuse_placeholders

_TRIES = 5
"""How often in a row the server may fail to say how a run goes."""
_ENDED: Mapping[str, RunStatus] = {
    "SUCCEEDED": "succeeded",
    "SKIPPED": "succeeded",
    "FAILED": "failed",
    "CANCELED": "cancelled",
}
_STEPS: Mapping[str, StepStatus] = {
    "SUCCEEDED": "run",
    "SKIPPED": "cached",  # from KFP's own cache
    "FAILED": "failed",
    "CANCELED": "cancelled",
}


@dataclass
class _Followed:
    """A run on the server, and which steps were told of."""

    request: RunRequest
    url: str
    tasks: Mapping[str, tuple[str, ...]]
    """Name of a task at the server → its step, or the fan-out that it is a loop over."""
    begun: set[str] = field(default_factory=set)
    results: dict[str, StepResult] = field(default_factory=dict)

    def steps(self, task: str) -> tuple[Step, ...]:
        """Return the steps of a task at the server, none of one that is the server's own."""
        fans = fan_outs(self.request.pipeline.steps)
        names = (fans[name].names if name in fans else (name,) for name in self.tasks.get(task, ()))
        return tuple(self.request.pipeline.step(name) for some in names for name in some)


def submit(request: RunRequest, remote: Remote) -> RunResult | None:
    """Compile the pipeline, start it on the server and, if it is to be waited for, follow it to its end.

    Returns None without waiting. Raises MlopscError when the pipeline cannot be compiled, and when the server cannot
    be reached, or refuses.
    """
    refuse_placeholders(request)
    plan = request.plan.model_copy(update={"pipelines": (request.pipeline,)})
    _, ir = emit(plan, request.project)
    name = pipeline_name(plan, request.pipeline)
    with _told(remote), tempfile.TemporaryDirectory() as folder:
        client = _client(remote)
        package = Path(folder) / "pipeline.yaml"
        package.write_text(ir.text, encoding="utf-8")
        started = client.create_run_from_pipeline_package(
            str(package),
            arguments=dict(request.parameters),
            run_name=f"{name} {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            experiment_name=remote.experiment or plan.project,
            namespace=remote.namespace,
        )
    url = f"{remote.url.rstrip('/')}/#/runs/details/{started.run_id}"
    if remote.on_submitted is not None:
        remote.on_submitted(started.run_id, url)
    if not remote.wait:
        return None
    return _follow(client, started.run_id, _Followed(request, url, _tasks(ir.text)), remote)


def _client(remote: Remote) -> Any:
    """Return kfp's client once the server has answered: the client itself would ask for half a minute."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it knows no server older than 2.0
        import kfp_server_api
        from kfp import Client

        token = remote.token
        settings = kfp_server_api.Configuration(
            host=remote.url.rstrip("/"),
            api_key={"authorization": token} if token else {},
            api_key_prefix={"authorization": "Bearer"} if token else {},
        )
        if remote.ca_file is not None:
            settings.ssl_ca_cert = str(remote.ca_file)
        kfp_server_api.HealthzServiceApi(kfp_server_api.ApiClient(settings)).healthz_service_get_healthz()
        ca_file = None if remote.ca_file is None else str(remote.ca_file)
        namespace = {} if remote.namespace is None else {"namespace": remote.namespace}
        return Client(host=remote.url, existing_token=token, ssl_ca_cert=ca_file, **namespace)


@contextlib.contextmanager
def _told(remote: Remote) -> Iterator[None]:
    """Turn what the client raises into an MlopscError, and keep it from printing."""
    import kfp_server_api
    import urllib3

    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    except kfp_server_api.ApiException as error:
        if error.status in (401, 403):
            raise MlopscError(
                f"Kubeflow Pipelines at {remote.url} refused the request: {error.status} {error.reason}",
                help="name the environment variable that holds a token: --token-env NAME"
                if remote.token is None
                else "the token that was sent is not accepted (expired, or of another audience or namespace)",
            ) from error
        raise MlopscError(
            f"Kubeflow Pipelines at {remote.url} answered {error.status} {error.reason}: {_words(error.body)}"
        ) from error
    except (urllib3.exceptions.HTTPError, OSError, TimeoutError) as error:
        reason = getattr(error, "reason", None) or error
        raise MlopscError(
            f"cannot reach Kubeflow Pipelines at {remote.url}: {_words(str(reason))}",
            help="is the address that of its API, and is it reachable from here (kubectl port-forward)?",
        ) from error


def _follow(client: Any, run: str, followed: _Followed, remote: Remote) -> RunResult:
    failures = 0
    while True:
        try:
            with _told(remote):
                found = client.get_run(run)
            failures = 0
        except MlopscError as error:
            failures += 1
            if failures == _TRIES:
                raise MlopscError(f"{error}; the run goes on: {followed.url}", help=error.help) from error
        else:
            _hear(followed, found)
            if found.state in _ENDED:
                return _result(followed, run, found)
        time.sleep(remote.interval)


def _tasks(ir: str) -> dict[str, tuple[str, ...]]:
    """Return which step a task is, by its name in the pipeline and by the one that is shown; a loop is all the steps
    of its fan-out."""
    document = next(yaml.safe_load_all(ir))
    found: dict[str, tuple[str, ...]] = {}
    for name, task in document["root"]["dag"]["tasks"].items():
        inner = document["components"][task["componentRef"]["name"]].get("dag")
        looped = [] if inner is None else [one["taskInfo"]["name"] for one in inner["tasks"].values()]
        found |= dict.fromkeys((name, task["taskInfo"]["name"]), tuple(looped) or (task["taskInfo"]["name"],))
    return found


def _hear(followed: _Followed, found: Any) -> None:
    """Tell of steps that began or ended since the last look."""
    details = found.run_details.task_details if found.run_details else None
    for detail in sorted(details or (), key=_age):
        for step in followed.steps(detail.display_name):
            _hear_of(followed, step, detail, ended=found.state in _ENDED)


def _hear_of(followed: _Followed, step: Step, detail: Any, *, ended: bool) -> None:
    if step.name in followed.results or detail.state not in (*_STEPS, "RUNNING", "CANCELING"):
        return
    if step.name not in followed.begun:
        followed.begun.add(step.name)
        if followed.request.on_start is not None:
            followed.request.on_start(step.name)
    # A failed try may be followed by another: only the run's end tells.
    if detail.state in ("SUCCEEDED", "SKIPPED") or (detail.state in _STEPS and ended):
        _settle(followed, _of(followed, step, detail))


def _settle(followed: _Followed, result: StepResult) -> None:
    followed.results[result.name] = result
    if followed.request.on_step is not None:
        followed.request.on_step(result)


def _of(followed: _Followed, step: Step, detail: Any) -> StepResult:
    status = _STEPS[detail.state]
    reason = None
    if status == "failed":
        said = detail.error.message if detail.error and detail.error.message else "the server says no more"
        reason = f"{said}; its log: {followed.url}"
        if step.operation == "verdict":
            status, reason = "refused", f"a declared rule said no; which one: {followed.url}"
    elif status == "cached":
        reason = "from the cache of Kubeflow Pipelines"
    timed = step.fan is None and detail.start_time is not None and detail.end_time is not None
    return StepResult(
        name=step.name,
        operation=step.operation,
        status=status,
        seconds=(detail.end_time - detail.start_time).total_seconds() if timed else None,
        reason=reason,
        source=str(step.source),
    )


def _result(followed: _Followed, run: str, found: Any) -> RunResult:
    """Return the whole run's result; what the server did not tell of follows from the run's own state."""
    status = _ENDED[found.state]
    said = found.error.message if found.error and found.error.message else "the server says no more"
    failed = [one for one in followed.results.values() if one.status == "failed"]
    refused = [one for one in followed.results.values() if one.status == "refused"]
    if status == "failed" and refused and not failed:
        status = "refused"
    for step in followed.request.pipeline.steps:
        if step.name in followed.results:
            continue
        left: StepStatus = (
            "run" if status == "succeeded" else "cancelled" if status == "cancelled" else "skipped"
        )
        reason = None if left == "run" else f"the run ended without it: {said}"
        if step.name in followed.begun and left == "skipped":
            left, reason = "failed", f"{said}; its log: {followed.url}"
        result = StepResult(
            name=step.name, operation=step.operation, status=left, reason=reason, source=str(step.source)
        )
        _settle(followed, result)
    return RunResult(
        run=run,
        pipeline=followed.request.pipeline.name,
        target="kfp",
        status=status,
        steps=tuple(followed.results[step.name] for step in followed.request.pipeline.steps),
        parameters=dict(followed.request.parameters),
    )


def _age(detail: Any) -> float:
    """Order tries of one task: the latest first."""
    return -detail.create_time.timestamp() if detail.create_time is not None else 0.0


def _words(text: str | bytes | None) -> str:
    """Return a server's words on one line of bearable length."""
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text or "it said nothing"
    return " ".join(said.split())[:300]

"""Runs on a server, through kfp's client: a stand-in speaks the calls of its API that the client really makes.

What is shown here is that the client's calls and answers are understood. No cluster was asked.
"""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest

from mlopsc.cli import main
from mlopsc.diagnostics.errors import MlopscError
from mlopsc.plan.plan import Artifact
from mlopsc.targets import Remote, RunRequest
from mlopsc.vocabulary.parameters import Parameter
from tests.plans import IMAGE, flights_plan, step, train_pipeline, trial_steps

pytestmark = pytest.mark.kfp
pytest.importorskip("kfp", reason="submitting needs the kfp SDK: pip install 'mlopsc[kfp]'")

RUN = "5f3a0000-0000-4000-8000-000000000001"


@dataclass
class Standin:
    """What a server answers, one list of task states after the other, and what it was asked."""

    states: list[tuple[str, dict[str, str]]]
    """The run's state and each task's, at each look; the last stays."""
    token: str | None = None
    broken_looks: int = 0
    """How many looks at the run end in a 503 first."""
    experiments: list[str] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    submitted: dict[str, Any] = field(default_factory=dict)
    url: str = ""

    def answer(self, method: str, path: str, token: str | None, body: Any) -> tuple[int, Any]:
        self.asked.append((method, path.removeprefix("/apis/v2beta1")))
        if self.token is not None and token != f"Bearer {self.token}":
            return 401, {"error": "Unauthorized", "code": 16}
        match method, path.removeprefix("/apis/v2beta1"):
            case "GET", "/healthz":
                return 200, {"multi_user": False}
            case "GET", "/experiments":
                return 200, {"experiments": [self._experiment(name) for name in self.experiments]}
            case "POST", "/experiments":
                self.experiments.append(body["display_name"])
                return 200, self._experiment(body["display_name"])
            case "POST", "/runs":
                self.submitted = body
                return 200, {**body, "run_id": RUN, "state": "PENDING"}
            case "GET", place if place == f"/runs/{RUN}":
                if self.broken_looks:
                    self.broken_looks -= 1
                    return 503, {"error": "upstream is away"}
                return 200, self._run()
        return 404, {"error": f"no such place: {method} {path}"}

    def _experiment(self, name: str) -> dict[str, str]:
        return {"experiment_id": "e1", "display_name": name}

    def _run(self) -> dict[str, Any]:
        state, tasks = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        details = [
            {
                "run_id": RUN,
                "display_name": name,
                "state": one,
                "create_time": "2026-01-01T00:00:00Z",
                "start_time": "2026-01-01T00:00:00Z",
                "end_time": "2026-01-01T00:00:04Z",
                **({"error": {"code": 1, "message": "exit status 1"}} if one == "FAILED" else {}),
            }
            for name, one in tasks.items()
        ]
        return {"run_id": RUN, "state": state, "run_details": {"task_details": details}}


@pytest.fixture
def serve() -> Iterator[Any]:
    """Start a stand-in for a list of states; they end with the test."""
    servers = []

    def start(*states: tuple[str, dict[str, str]], **more: Any) -> Standin:
        standin = Standin(list(states), **more)

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                token = self.headers.get("authorization")
                status, found = standin.answer(self.command, urlsplit(self.path).path, token, body)
                data = json.dumps(found).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = _answer

            def log_message(self, *arguments: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        standin.url = f"http://127.0.0.1:{server.server_port}"
        return standin

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """The client reads the user's settings; there are none."""
    monkeypatch.setattr("kfp.client.client.Client._LOCAL_KFP_CONTEXT", str(tmp_path / "context.json"))


LOAD = step("load_a", "load", {"dataset": "a", "source": {"type": "csv", "path": "a.csv"}}, line=4)
CHECKS = [{"expect": "table_row_count_to_equal", "value": 1}]
VALIDATE = step("validate_a", "validate", {"dataset": "a", "checks": CHECKS}, {"data": "load_a.data"}, line=5)
LOAD_DATA = Artifact(step="load_a", port="data")
VERDICT = step("verdict", "verdict", {"decisions": ["report"]}, {"report": "validate_a.report"}, line=6)


def request(project, **more):
    parameters = {"as_of": Parameter(type="timestamp"), "limit": Parameter(type="int", default=3)}
    pipeline = train_pipeline().model_copy(
        update={"steps": (LOAD, VALIDATE, VERDICT), "parameters": parameters}
    )
    values = {"as_of": "2024-01-01T00:00:00Z", "limit": 5}
    plan = flights_plan({"kfp": {"image": IMAGE}}, pipeline)
    return RunRequest(plan=plan, pipeline=pipeline, project=project, parameters=values, **more)


def submit(standin, project, *, told=None, **more):
    from mlopsc_kfp import backend

    heard = {} if told is None else {"on_step": told.append}
    return backend.submit(request(project, **heard), Remote(standin.url, interval=0.01, **more))


def statuses(result):
    return [(one.name, one.status) for one in result.steps]


def test_a_run_is_submitted_with_its_parameters_and_followed_to_its_end(serve, tmp_path, capsys):
    standin = serve(
        ("PENDING", {}),
        ("RUNNING", {"load": "RUNNING", "load-driver": "SUCCEEDED"}),
        ("RUNNING", {"load": "SUCCEEDED", "validate": "SKIPPED"}),
        ("SUCCEEDED", {"load": "SUCCEEDED", "validate": "SKIPPED", "verdict": "SUCCEEDED"}),
    )
    told, seen = [], []
    result = submit(standin, tmp_path, told=told, on_submitted=lambda run, url: seen.append((run, url)))
    assert (result.status, result.run, result.target) == ("succeeded", RUN, "kfp")
    assert statuses(result) == [("load_a", "run"), ("validate_a", "cached"), ("verdict", "run")]
    assert [one.name for one in told] == ["load_a", "validate_a", "verdict"]
    assert result.steps[0].seconds == 4
    assert seen == [(RUN, f"{standin.url}/#/runs/details/{RUN}")]
    assert standin.submitted["runtime_config"]["parameters"] == {"as_of": "2024-01-01T00:00:00Z", "limit": 5}
    spec = standin.submitted["pipeline_spec"]
    assert spec["pipelineInfo"]["name"] == standin.submitted["display_name"].split()[0] == "flights-train"
    assert IMAGE in json.dumps(spec)
    assert capsys.readouterr().out == "", "the client's own prints do not mix with ours"


def test_these_are_the_calls_that_the_client_makes(serve, tmp_path):
    standin = serve(("SUCCEEDED", {}))
    submit(standin, tmp_path, experiment="nightly")
    calls = list(dict.fromkeys(standin.asked))
    assert calls == [
        ("GET", "/healthz"),
        ("GET", "/experiments"),
        ("POST", "/experiments"),
        ("POST", "/runs"),
        ("GET", f"/runs/{RUN}"),
    ]
    assert standin.experiments == ["nightly"]


def test_without_waiting_nobody_looks(serve, tmp_path):
    standin = serve(("RUNNING", {}))
    assert submit(standin, tmp_path, wait=False) is None
    assert ("GET", f"/runs/{RUN}") not in standin.asked


def test_a_task_that_failed_is_a_crash_and_what_follows_was_skipped(serve, tmp_path):
    standin = serve(("RUNNING", {"load": "FAILED"}), ("FAILED", {"load": "FAILED"}))
    result = submit(standin, tmp_path)
    assert result.status == "failed"
    assert statuses(result) == [("load_a", "failed"), ("validate_a", "skipped"), ("verdict", "skipped")]
    assert result.steps[0].reason.startswith("exit status 1; its log: http://")
    assert result.steps[0].source == "mlops.yaml:4:3"


def test_a_verdict_that_failed_is_a_refusal(serve, tmp_path):
    tasks = {"load": "SUCCEEDED", "validate": "SUCCEEDED", "verdict": "FAILED"}
    result = submit(serve(("FAILED", tasks)), tmp_path)
    assert (result.status, result.steps[-1].status) == ("refused", "refused")


def test_a_try_that_failed_is_not_the_end(serve, tmp_path):
    standin = serve(
        ("RUNNING", {"load": "FAILED"}),
        ("SUCCEEDED", {"load": "SUCCEEDED", "validate": "SUCCEEDED", "verdict": "SUCCEEDED"}),
    )
    assert {one.status for one in submit(standin, tmp_path).steps} == {"run"}


def test_a_run_that_somebody_stopped_is_cancelled(serve, tmp_path):
    result = submit(serve(("CANCELED", {"load": "CANCELED"})), tmp_path)
    assert result.status == "cancelled"
    assert {one.status for one in result.steps} == {"cancelled"}


def test_a_token_is_sent_and_a_missing_one_is_told(serve, tmp_path):
    standin = serve(("SUCCEEDED", {}), token="let-me-in")
    with pytest.raises(MlopscError, match="refused the request: 401") as told:
        submit(standin, tmp_path)
    assert "--token-env" in told.value.help
    with pytest.raises(MlopscError, match="refused the request: 401") as told:
        submit(standin, tmp_path, token="canary-token")
    assert "canary-token" not in f"{told.value} {told.value.help} {Remote('x', 'canary-token')}"
    assert submit(standin, tmp_path, token="let-me-in").status == "succeeded"


def test_a_server_that_stumbles_is_asked_again_and_one_that_falls_is_left(serve, tmp_path):
    assert submit(serve(("SUCCEEDED", {}), broken_looks=4), tmp_path).status == "succeeded"
    with pytest.raises(MlopscError, match=r"answered 503.*the run goes on: http"):
        submit(serve(("SUCCEEDED", {}), broken_looks=5), tmp_path)


@pytest.fixture
def commands(tmp_path, monkeypatch, capsys):
    """Call the command line in a project of one file; returns status, output and errors."""
    (tmp_path / "a.csv").write_text("x,y\n" + "".join(f"{n},{n % 2}\n" for n in range(40)))
    (tmp_path / "mlops.yaml").write_text(
        "apiVersion: mlopsc/v1\nproject: {name: tiny}\n"
        "datasets: {a: {source: {type: csv, path: a.csv}}}\n"
        "training:\n  t:\n    entities: {dataset: a, label: y}\n    features: [x]\n"
        "    split: {type: random, test: 0.3}\n    estimator: sklearn.linear_model.LogisticRegression\n"
        "    metrics: [accuracy]\n"
        'targets: {kfp: {image: "registry.example.com/tiny:1.0"}}\n'
    )
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        written = capsys.readouterr()
        return ended.value.code, written.out, written.err

    return call


def test_the_command_line_says_where_a_run_is_and_how_it_ended(serve, commands, monkeypatch):
    standin = serve(("SUCCEEDED", {}), token="let-me-in")
    status, out, err = commands("run", "--target", "kfp", "--host", standin.url)
    assert (status, out) == (3, "")
    assert "401" in err
    monkeypatch.setenv("KFP_TOKEN", "let-me-in")
    asked = ("run", "--target", "kfp", "--host", standin.url, "--token-env", "KFP_TOKEN")
    status, out, err = commands(*asked, "--json")
    assert (status, json.loads(out)["status"]) == (0, "succeeded")
    assert f"{standin.url}/#/runs/details/{RUN}" in err
    status, out, _ = commands(*asked, "--no-wait")
    assert (status, out) == (0, f"started {RUN}: {standin.url}/#/runs/details/{RUN}\n")


def test_a_server_that_is_not_there_is_told_in_a_sentence(commands):
    status, out, err = commands("run", "--target", "kfp", "--host", "http://127.0.0.1:9")
    assert (status, out) == (3, "")
    assert "cannot reach Kubeflow Pipelines at http://127.0.0.1:9" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--host", "http://x"), "target 'local' hands its runs to no server"),
        (("--target", "kfp", "--no-wait"), "--no-wait: goes with --host alone"),
        (("--target", "kfp", "--host", "x:80"), "expected http://"),
        (("--target", "kfp", "--host", "http://x", "--token-env", "NO_SUCH"), "is not set"),
        (("--target", "kfp", "--host", "http://x", "--ca-file", "nowhere"), "there is no such file"),
    ],
)
def test_options_that_do_not_fit_are_refused(commands, options, said):
    status, out, err = commands("run", *options)
    assert (status, out) == (2, "")
    assert said in err


def test_a_loop_tells_of_all_steps_of_its_fan_out(serve, tmp_path):
    from mlopsc_kfp import backend

    _, split, *trials, collect = trial_steps(2)
    steps = (LOAD, split.model_copy(update={"inputs": {"table": LOAD_DATA}}), *trials, collect)
    pipeline = train_pipeline().model_copy(update={"steps": steps, "parameters": {}})
    plan = flights_plan({"kfp": {"image": IMAGE}}, pipeline)
    standin = serve(
        ("RUNNING", {"load": "SUCCEEDED", "split": "SUCCEEDED", "for-loop-2": "RUNNING", "trial": "RUNNING"}),
        ("SUCCEEDED", {"for-loop-2": "SUCCEEDED", "collect-trials": "SUCCEEDED"}),
    )
    told = []
    heard = RunRequest(plan=plan, pipeline=pipeline, project=tmp_path, parameters={}, on_start=told.append)
    result = backend.submit(heard, Remote(standin.url, interval=0.01))
    assert statuses(result) == [
        ("load_a", "run"), ("split_t", "run"), ("trial_t_0", "run"), ("trial_t_1", "run"), ("trials_t", "run"),
    ]  # fmt: skip
    assert told[2:4] == ["trial_t_0", "trial_t_1"]

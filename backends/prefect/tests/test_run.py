"""Real flows on a real server: what they make, how they fail, how they are scheduled and deployed."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from mlopsc_prefect import backend
from mlopsc_prefect.emit import emit

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.plan.plan import Pipeline, Schedule
from mlopsc.runtime.execution import run_files
from mlopsc.runtime.store import digest_of_file
from mlopsc.targets import RunRequest
from mlopsc.vocabulary.parameters import Parameter
from mlopsc.vocabulary.policy import Policy

pytestmark = pytest.mark.prefect

SOURCES = """\
from pathlib import Path
import pandas as pd

def flaky():
    attempts = Path("attempts")
    with attempts.open("a") as stream:
        stream.write("x")
    if len(attempts.read_text()) < 3:
        raise ConnectionError("not yet")
    return pd.DataFrame({"a": [1, 2]})
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "good.csv").write_text("a,b\n1,x\n2,y\n3,x\n")
    (tmp_path / "sources.py").write_text(SOURCES)
    return tmp_path


@pytest.fixture
def pipeline(plans):
    """Good data, a source that answers at the third try, and a check that fails whatever is tried."""
    csv = {"type": "csv", "path": "good.csv"}
    stubborn = Policy(retries=2, retry_delay="1s", env={"COLOUR": "blue"}, cpu=1.0)
    failing = [{"expect": "table_row_count_to_be_between", "min_value": 100}]
    return Pipeline(
        name="train",
        kind="train",
        title="Read three tables",
        parameters={"least": Parameter(type="int", default=2)},
        schedule=Schedule(cron="0 3 * * 1", timezone="Europe/Berlin"),
        steps=(
            plans.step("load_good", "load", {"dataset": "good", "source": csv}),
            plans.step("validate_good", "validate", {"dataset": "good"}, {"data": "load_good.data"}),
            plans.step(
                "view_good",
                "sql_view",
                {"view": "good", "sql": "select * from good where a >= ${params.least}", "tables": ["good"]},
                {"good": "load_good.data"},
                after=("validate_good",),
            ),
            plans.step(
                "load_flaky",
                "load",
                {"dataset": "flaky", "source": {"python": "sources:flaky"}},
                policy=stubborn,
            ),
            plans.step(
                "validate_bad",
                "validate",
                {"dataset": "good", "checks": failing},
                {"data": "load_good.data"},
                policy=stubborn,
            ),
            plans.step(
                "view_bad",
                "sql_view",
                {"view": "bad", "sql": "select * from good", "tables": ["good"]},
                {"good": "load_good.data"},
                after=("validate_bad",),
            ),
        ),
    )


def request(plans, pipeline, project, **more):
    return RunRequest(plans.flights_plan({}, pipeline), pipeline, project, **more)


def test_a_run_makes_what_the_operations_make_and_tells_every_step(
    plans, pipeline, project, prefect_server, monkeypatch
):
    started, heard = [], []
    result = backend.run(
        request(
            plans,
            pipeline,
            project,
            parameters={"least": 3},
            store_url=str(project / "elsewhere"),
            actor="tester",
            on_start=started.append,
            on_step=heard.append,
        )
    )
    steps = {step.name: step for step in result.steps}
    assert {name: step.status for name, step in steps.items()} == {
        "load_good": "run",
        "validate_good": "run",
        "view_good": "run",
        "load_flaky": "run",
        "validate_bad": "refused",
        "view_bad": "skipped",
    }
    assert result.status == "refused"
    assert (result.target, result.pipeline, result.parameters) == ("prefect", "train", {"least": 3})
    assert steps["view_bad"].reason == "it needs validate_bad"
    assert "table_row_count_to_be_between" in steps["validate_bad"].reason
    assert steps["load_good"].source == "mlops.yaml:1:3"
    assert {step.name for step in heard} == set(steps)
    assert sorted(started) == sorted(set(steps) - {"view_bad"})
    assert (project / "attempts").read_text() == "xxx"
    assert attempts(result.run) == {"load_flaky": 3, "validate_bad": 1}
    assert (project / "elsewhere").is_dir()

    monkeypatch.setenv("MLOPSC_PROJECT", str(project))
    load, view = pipeline.step("load_good"), pipeline.step("view_good")
    data, table = project / "data", project / "table"
    run_files(load.configuration, inputs={}, outputs={"data": str(data)})
    run_files(
        view.configuration,
        inputs={"good": str(data)},
        outputs={"table": str(table)},
        parameters={"least": 3},
    )
    assert steps["load_good"].outputs == {"data": digest_of_file(data)}
    assert steps["view_good"].outputs == {"table": digest_of_file(table)}
    assert "validate_bad" in ask("/artifacts/flights-train/latest")["data"]


def ask(path, body=None):
    """Return what the server answers; None where it has nothing."""
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(
        f"{os.environ['PREFECT_API_URL']}{path}", data, {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(asked) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            if error.code != 404:
                raise
        return None


def attempts(flow_run):
    """Return how often two steps of a flow run ran, as the server counts."""
    for _ in range(100):  # the server takes task runs in as events, a little later
        runs = ask("/task_runs/filter", {"flow_runs": {"id": {"any_": [flow_run]}}})
        done = [run for run in runs if run["state_type"] in ("COMPLETED", "FAILED")]
        if len(done) == 5:
            break
        time.sleep(0.1)
    counts = {run["name"].rpartition("-")[0]: run["run_count"] for run in done}
    return {name: counts.get(name) for name in ("load_flaky", "validate_bad")}


@pytest.fixture
def in_the_background():
    """As what a shell starts with `&`: SIGINT is ignored, and what is started here inherits that."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("in_the_background")
def test_a_stopped_run_leaves_nothing_running(plans, pipeline, project, prefect_server):
    def interrupt(step):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backend.run(request(plans, pipeline, project, parameters={"least": 2}, on_start=interrupt))
    found = subprocess.run(["pgrep", "-f", str(project)], capture_output=True, text=True, check=False)
    assert found.stdout == ""
    (run,) = ask("/flow_runs/filter", {"sort": "START_TIME_DESC", "limit": 1})
    assert run["state_type"] in ("CRASHED", "CANCELLED")


def test_a_run_that_no_server_is_named_for_brings_its_own(plans, pipeline, project, monkeypatch):
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(project / "prefect"))
    alone = pipeline.model_copy(update={"steps": (pipeline.step("load_good"),)})
    result = backend.run(request(plans, alone, project, parameters={"least": 2}))
    assert (result.status, [step.status for step in result.steps]) == ("succeeded", ["run"])
    found = subprocess.run(["pgrep", "-f", str(project)], capture_output=True, text=True, check=False)
    assert found.stdout == ""


def test_a_flow_that_cannot_begin_is_an_error_with_its_last_words(plans, pipeline, project, prefect_server):
    with pytest.raises(MlopscError, match="ParameterTypeError") as caught:
        backend.run(request(plans, pipeline, project, parameters={"least": "many"}))
    assert "log" in caught.value.help


def write(plan, folder):
    folder.mkdir()
    for file in emit(plan):
        (folder / file.path).write_text(file.text, encoding="utf-8")
    return folder


def prefect(folder, *arguments):
    command = [sys.executable, "-m", "prefect", "--no-prompt", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def schedules(deployment):
    return [(one["schedule"]["cron"], one["schedule"]["timezone"]) for one in deployment["schedules"]]


def test_serving_registers_the_schedule_and_the_server_plans_its_runs(
    plans, pipeline, project, prefect_server
):
    folder = write(plans.flights_plan({}, pipeline), project / "flows")
    with (project / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, str(folder / "serve.py")],
            cwd=project,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        while (found := ask("/deployments/name/flights-train/default")) is None:
            assert process.poll() is None, (project / "log").read_text()
            time.sleep(0.1)
        assert planned_runs(found) > 0
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
    assert schedules(found) == [("0 3 * * 1", "Europe/Berlin")]
    assert found["parameter_openapi_schema"]["properties"]["least"]["default"] == 2


def planned_runs(deployment):
    """Return how many runs the server's scheduler has planned for a deployment; it has its first ones soon."""
    wanted = {"deployments": {"id": {"any_": [deployment["id"]]}}}
    for _ in range(300):
        if found := ask("/flow_runs/count", wanted):
            return found
        time.sleep(0.1)
    return 0


def test_prefect_deploys_to_a_pool_that_takes_what_is_asked_for(plans, pipeline, project, prefect_server):
    settings = {"work_pool": "shelf", "image": "flights:1", "job_variables": {"namespace": "ml"}}
    plan = plans.flights_plan({"prefect": settings}, pipeline).model_copy(update={"environment": "prod"})
    folder = write(plan, project / "flows")
    status, said = prefect(folder, "work-pool", "create", "shelf", "--type", "process")
    assert status == 0, said
    status, said = prefect(folder, "deploy", "--all")
    assert status != 0
    assert "has no variable cpu, image, namespace" in said
    assert ask("/deployments/name/flights-train/prod") is None

    template = {
        "job_configuration": {"command": "{{ command }}"},
        "variables": {
            "type": "object",
            "properties": {name: {"type": "string"} for name in ("command", "cpu", "image", "namespace")},
        },
    }
    (project / "template.json").write_text(json.dumps(template))
    arguments = ("work-pool", "update", "shelf", "--base-job-template", str(project / "template.json"))
    status, said = prefect(folder, *arguments)
    assert status == 0, said
    status, said = prefect(folder, "deploy", "--all")
    assert status == 0, said
    found = ask("/deployments/name/flights-train/prod")
    assert found["job_variables"] == {"image": "flights:1", "cpu": "1", "namespace": "ml"}
    assert schedules(found) == [("0 3 * * 1", "Europe/Berlin")]
    assert (found["work_pool_name"], found["entrypoint"]) == ("shelf", "train.py:train")

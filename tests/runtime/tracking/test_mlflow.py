"""Runs told to a real MLflow server: what it knows of them, models loaded and served from it, and its failures."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

import mlopsc
from mlopsc.api import run_local
from mlopsc.runtime.context import Context
from mlopsc.runtime.tracking.flushing import flush
from mlopsc.runtime.tracking.queue import enqueue, waiting
from mlopsc.runtime.tracking.sending import EVENT
from tests.mlflow_server import free_port, wait_for
from tests.reporting.reading import read

pytestmark = [
    pytest.mark.mlflow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),  # of MLflow about its own modules
]


def client(server):
    from mlflow import MlflowClient

    return MlflowClient(server.url, server.url)


def runs_of(server, experiment):
    found = client(server).get_experiment_by_name(experiment)
    return [] if found is None else list(client(server).search_runs([found.experiment_id]))


def statuses(result):
    return {step.name: step.status for step in result.steps}


def run(folder, **options):
    result = run_local(folder / "mlops.yaml", **options)
    assert result.status == "succeeded", result
    return result


def document(folder, result, step, port):
    digest = next(one.outputs[port] for one in result.steps if one.name == step)
    return json.loads(Context(folder).store().get_path(digest).read_bytes())


_BY_MLFLOW = """
import sys
import json, mlflow.pyfunc, pandas
model = mlflow.pyfunc.load_model(sys.argv[1])
assert len(model.predict(model.input_example)) == len(model.input_example) > 0
print(json.dumps(model.predict(pandas.read_csv(sys.argv[2])[["size", "colour"]]).to_dict("list")))
"""


def predict_by_mlflow(server, uri, folder):
    """Predict in a process of its own, as somebody who knows MLflow alone."""
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _BY_MLFLOW, uri, str(folder / "rows.csv")],
        env={**os.environ, "MLFLOW_TRACKING_URI": server.url},
        cwd=server.folder,
        capture_output=True,
        text=True,
        check=False,
    )


def ours(folder):
    table = pd.read_csv(folder / "rows.csv")[["size", "colour"]]
    model = mlopsc.load_model("lateness/1", project=folder, code=["steps:prepare"])
    answers = list(model.predict(table)), list(model.predict_proba(table)[:, 1])
    forget(folder)
    return answers


def test_a_model_as_onnx_is_handed_over_with_the_run(make_project, mlflow_server):
    folder = make_project(mlflow_server.url, "exported")
    spec = folder / "mlops.yaml"
    spec.write_text(spec.read_text().replace('preprocess: {python: "steps:prepare"}', "export: {onnx: true}"))
    result = run(folder)
    (told,) = runs_of(mlflow_server, "exported")
    path = client(mlflow_server).download_artifacts(told.info.run_id, "mlopsc/model.onnx", str(folder))
    made = next(step.outputs["onnx"] for step in result.steps if step.name == "export_lateness")
    assert hashlib.sha256(Path(path).read_bytes()).hexdigest() == made.removeprefix("sha256:")
    client(mlflow_server).download_artifacts(told.info.run_id, "mlopsc/onnx_report.json", str(folder))


def forget(folder):
    """Forget a project's code: the next has another module of this name."""
    sys.modules.pop("steps")
    sys.path.remove(str(folder))


def plots_of(server, run):
    return {Path(one.path).name for one in client(server).list_artifacts(run.info.run_id, "plots")}


PLOTS = {f"{name}.svg" for name in ("roc_curve", "precision_and_recall", "calibration", "confusion", "lift")}
PLOTS |= {"cumulative_gain.svg", "scores_by_class.svg"}


def test_a_run_is_told_with_all_that_belongs_to_it(make_project, mlflow_server):
    folder = make_project(mlflow_server.url, "whole")
    spec = folder / "mlops.yaml"
    spec.write_text(
        spec.read_text().replace("    seed: 1\n", "    seed: 1\n    explain: true\n    slices: [colour]\n")
    )
    result = run(folder)
    (told,) = runs_of(mlflow_server, "whole")
    assert told.info.status == "FINISHED"
    params = told.data.params
    assert (params["params.C"], params["seed"], params["split.test"], params["vars.least"]) == (
        "0.5",
        "1",
        "0.3",
        "0.6",
    )
    assert params["parameters.as_of"] == "2024-01-18T00:00:00Z"
    assert params["features"] == "size, colour"
    metrics = result.metrics["lateness"]
    assert {name: told.data.metrics[name] for name in metrics} == dict(metrics)
    tags = told.data.tags
    assert (tags["mlopsc.owner"], tags["mlflow.user"], tags["mlopsc.accepted"]) == ("ops", "tester", "yes")
    assert tags["mlopsc.gate.good"] == "pass"
    assert tags["mlflow.note.content"] == "Which parcels come late"
    (data,) = told.inputs.dataset_inputs
    digest = next(step.outputs["data"] for step in result.steps if step.name == "load_rows")
    assert (data.dataset.name, data.dataset.source_type) == ("rows", "csv")
    assert {tag.key: tag.value for tag in data.tags}["mlopsc.digest"] == digest
    documents = {one.path for one in client(mlflow_server).list_artifacts(told.info.run_id, "mlopsc")}
    assert {"mlopsc/metrics.json", "mlopsc/curves.json", "mlopsc/decision_good.json"} <= documents
    assert "mlopsc/explanation.json" in documents
    explained = {"importance_of_features.svg", "dependence_on_size.svg", "dependence_on_colour.svg"}
    sliced = {"roc_auc_by_colour.svg", "accuracy_by_colour.svg"}
    assert plots_of(mlflow_server, told) == PLOTS | explained | sliced
    html = client(mlflow_server).download_artifacts(told.info.run_id, "evaluation.html", str(folder))
    page = read(Path(html).read_text("utf-8"))
    assert page.unclosed == []
    assert {"metrics", "gates", "slices", "plots", "explanation", "data", "learning"} <= page.sections.keys()
    assert "good ✓ pass roc_auc of lateness" in page.sections["gates"]
    assert "Which parcels come late" in page.text
    roc = client(mlflow_server).download_artifacts(told.info.run_id, "plots/roc_curve.svg", str(folder))
    assert f"Area {metrics['roc_auc']:.6g}" in "".join(ElementTree.parse(roc).getroot().itertext())

    classes, probabilities = ours(folder)
    for uri in (f"runs:/{told.info.run_id}/model", f"models:/{told.outputs.model_outputs[0].model_id}"):
        done = predict_by_mlflow(mlflow_server, uri, folder)
        theirs = json.loads(done.stdout)
        assert theirs["prediction"] == classes
        assert theirs["probability_true"] == pytest.approx(probabilities, abs=1e-10)  # of JSON's digits
    assert list(folder.glob(".mlopsc/store/tracking/waiting/whole/*")) == []


SEARCHED = """\
    params: {l1_ratio: 1.0}
    slices: [{column: colour}]
    tune:
      search: grid
      cv: {type: kfold, folds: 3}
      space: {C: {choice: [0.25, 1.0]}, solver: {choice: [liblinear, lbfgs]}}
"""


def test_slices_and_trials_are_told(make_project, mlflow_server):
    folder = make_project(mlflow_server.url, "search")
    spec = folder / "mlops.yaml"
    spec.write_text(spec.read_text().replace("    params: {C: 0.5}\n", SEARCHED))
    result = run(folder)
    run(folder, no_cache=True)
    told = runs_of(mlflow_server, "search")
    (whole,) = [one for one in told if "mlflow.parentRunId" not in one.data.tags]
    below = {tuple(one.data.params.values()): one for one in told if one is not whole}
    done, failed = below["1.0", "liblinear"], below["1.0", "lbfgs"]
    assert (len(told), len(below)) == (5, 4)
    assert {one.data.tags["mlflow.parentRunId"] for one in below.values()} == {whole.info.run_id}
    assert (failed.info.status, done.info.status) == ("FAILED", "FINISHED")
    assert "lbfgs" in failed.data.tags["mlflow.note.content"]
    folds = client(mlflow_server).get_metric_history(done.info.run_id, "roc_auc.fold")
    scores = [one.value for one in sorted(folds, key=lambda one: one.step)]
    assert sum(scores) / 3 == pytest.approx(done.data.metrics["roc_auc"])
    (best,) = [one for one in below.values() if one.data.tags.get("mlopsc.best") == "yes"]
    assert best.data.metrics["roc_auc"] == max(one.data.metrics.get("roc_auc", 0) for one in below.values())

    metrics = document(folder, result, "evaluate_lateness", "metrics")
    for one in metrics["slices"]["colour"]:
        assert whole.data.metrics[f"slice.colour.{one['slice']}.roc_auc"] == one["metrics"]["roc_auc"]
    assert whole.data.metrics["baseline.majority.accuracy"] == metrics["baselines"]["majority"]["accuracy"]


def test_what_comes_to_the_same_is_one_run(make_project, mlflow_server):
    folder = make_project(mlflow_server.url, "again")
    run(folder)
    assert statuses(run(folder))["track_lateness"] == "cached"
    run(folder, no_cache=True)
    assert len(runs_of(mlflow_server, "again")) == 1
    spec = folder / "mlops.yaml"
    spec.write_text(spec.read_text().replace("C: 0.5", "C: 0.25"))
    run(folder)
    assert sorted(one.data.params["params.C"] for one in runs_of(mlflow_server, "again")) == ["0.25", "0.5"]


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-c", "from mlopsc.cli import main; main()", *arguments],
        capture_output=True,
        text=True,
        check=True,
    )


def test_versions_and_stages_are_mirrored_and_a_server_that_is_down_hears_of_them_later(
    make_project, mlflow_server
):
    folder = make_project(mlflow_server.url, "mirror")
    spec = folder / "mlops.yaml"
    card = "card: {intended_use: To plan *vans*, limitations: [Never tried abroad]}"
    spec.write_text(spec.read_text().replace("    stages: {staging", f"    {card}\n    stages: {{staging"))
    run(folder)

    def holder():
        return client(mlflow_server).get_model_version_by_alias("mirror.lateness", "staging")

    first = holder()
    digest = mlopsc.load_model("lateness/1", project=folder, code=["steps:prepare"]).digest
    forget(folder)
    assert (first.tags["mlopsc.version"], first.tags["mlopsc.owner"]) == ("1", "ops")
    assert (first.tags["mlopsc.model_digest"], first.tags["mlopsc.gate.good"]) == (digest, "pass")
    assert first.description == (
        "- **Intended use**: To plan \\*vans\\*\n- **Limitations**: Never tried abroad\n\n"
        "The whole card: `mlopsc card lateness/1`"
    )
    (told,) = runs_of(mlflow_server, "mirror")
    assert first.run_id == told.info.run_id
    assert first.source == f"models:/{told.outputs.model_outputs[0].model_id}"
    spec.write_text(spec.read_text().replace("C: 0.5", "C: 0.25"))
    run(folder)
    assert holder().tags["mlopsc.version"] == "2"
    command("registry", "rollback", "lateness", "--stage", "staging")
    assert holder().tags["mlopsc.version"] == "1"

    mlflow_server.stop()
    done = command("registry", "promote", "lateness/2", "--to", "staging")
    assert done.stdout == "lateness/2 promoted to staging, in place of lateness/1\n"
    assert "MLflow was not told" in done.stderr
    mlflow_server.start()
    assert "lateness/2 promoted to staging" in command("track", "list").stdout
    command("track", "flush")
    assert holder().tags["mlopsc.version"] == "2"
    assert len(client(mlflow_server).search_model_versions("name = 'mirror.lateness'")) == 2


def test_a_registered_model_of_somebody_else_is_left_alone(make_project, mlflow_server):
    folder = make_project(mlflow_server.url, "foreign")
    client(mlflow_server).create_registered_model("foreign.lateness")
    result = run(folder)
    log = next((folder / ".mlopsc/runs" / result.run).glob("track_lateness.log")).read_text()
    assert "a registered model 'foreign.lateness' that is not of this project" in log
    assert client(mlflow_server).search_model_versions("name = 'foreign.lateness'") == []
    assert len(runs_of(mlflow_server, "foreign")) == 1


def test_a_refused_candidate_is_told_too(make_project, mlflow_server):
    folder = make_project(mlflow_server.url, "refused")
    result = run_local(folder / "mlops.yaml", variables={"least": "0.9999"})
    assert result.status == "refused"
    (told,) = runs_of(mlflow_server, "refused")
    assert (told.data.tags["mlopsc.accepted"], told.data.tags["mlopsc.gate.good"]) == ("no", "fail")
    assert "0.9999" in told.data.tags["mlopsc.gate.good.reason"]


def test_a_server_that_is_down_loses_nothing(make_project, mlflow_server):
    folder = make_project(mlflow_server.url, "down")
    mlflow_server.stop()
    run(folder)
    spec = folder / "mlops.yaml"
    spec.write_text(spec.read_text().replace("C: 0.5", "C: 0.25"))
    result = run(folder)
    assert result.metrics["lateness"]
    log = next((folder / ".mlopsc/runs" / result.run).glob("track_lateness.log")).read_text()
    assert "warning: MLflow was not told" in log
    assert "4 wait in the store" in log
    mlopsc_ = [sys.executable, "-c", "from mlopsc.cli import main; main()", "track"]
    failed = subprocess.run([*mlopsc_, "flush"], capture_output=True, text=True, check=False)
    assert failed.returncode == 3
    assert "4 still wait" in failed.stderr
    mlflow_server.start()
    listed = subprocess.run([*mlopsc_, "list", "--json"], capture_output=True, text=True, check=True)
    assert [one["about"] for one in json.loads(listed.stdout)["waiting"]] == [
        *["lateness"] * 2,
        *["lateness registered"] * 2,
    ]
    # A run that has nothing of its own to tell sends what waits.
    assert statuses(run(folder))["track_lateness"] == "run"
    told = runs_of(mlflow_server, "down")
    assert sorted(one.data.params["params.C"] for one in told) == ["0.25", "0.5"]
    assert [plots_of(mlflow_server, one) for one in told] == [PLOTS, PLOTS]
    done = subprocess.run([*mlopsc_, "flush"], capture_output=True, text=True, check=True)
    assert done.stdout == "nothing waits\n"
    assert statuses(run(folder))["track_lateness"] == "cached"


def test_what_cannot_be_drawn_waits_and_keeps_nothing_else_from_being_told(make_project, mlflow_server):
    folder = make_project(mlflow_server.url, "undrawn")
    context, event = Context(folder), _event(folder)
    odd = context.store().put_bytes(b'{"task": "binary", "roc": {}}')
    at_first = {"circumstances": {}, "environment": None}
    enqueue(context.store(), event | {"files": event["files"] | {"curves": odd}}, at=1, **at_first)
    enqueue(context.store(), event | {"rows": 2}, at=2, **at_first)
    done = flush(context, "undrawn", mlflow_server.url, {})
    assert done.problems == (
        "lateness: its plots cannot be drawn: KeyError: 'positive'; "
        "report it, and `mlopsc track flush` sends all of it once that is mended",
    )
    assert ([one.at for one in done.sent], [one.at for one in done.left]) == ([2], [1])


@pytest.mark.slow
def test_a_sender_killed_at_any_request_leaves_one_run_in_the_end(make_project, mlflow_server):
    """A child is killed right after its Nth request reached the server, for each N; then the event is sent again."""
    folder = make_project(mlflow_server.url, "killed")
    run(folder)
    context = Context(folder)
    event = json.loads(next(Path(".mlopsc/store/tracking/sent").glob("*/*.json")).read_text())
    assert event["run"]
    whole = _event(folder)
    finished, number, events = False, 0, []
    while not finished:
        number += 1
        one = enqueue(context.store(), whole | {"rows": number}, at=1_700_000_000_000, circumstances={})
        events.append(one.id)
        finished = _send_in_a_child(context, mlflow_server.url, kill_after=number)
        if not finished:
            assert len(waiting(context.store(), "killed")) == 1
            done = flush(context, "killed", mlflow_server.url, {})
            assert [one.event["rows"] for one in done.sent] == [number]
    assert number > 10
    told = [one for one in runs_of(mlflow_server, "killed") if one.info.start_time == 1_700_000_000_000]
    assert sorted(one.data.tags[EVENT] for one in told) == sorted(events)
    assert {one.info.status for one in told} == {"FINISHED"}
    assert {len(one.outputs.model_outputs) for one in told} == {1}


def _event(folder):
    """Return the event of the project's one run, as the step's output holds it."""
    record = run(folder)
    digest = next(step.outputs["report"] for step in record.steps if step.name == "track_lateness")
    return json.loads(Context(folder).store().get_path(digest).read_bytes())


def _send_in_a_child(context, url, *, kill_after):
    """Send in a fork of this process; say whether it came to its end, which kill -9 keeps it from."""
    import mlflow  # so that the child does not import it

    assert mlflow
    child = os.fork()
    if child == 0:
        import requests

        real, seen = requests.Session.send, [0]

        def send(self, request, **options):
            answer = real(self, request, **options)
            seen[0] += 1
            if seen[0] == kill_after:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        requests.Session.send = send
        try:
            flush(context, "killed", url, {})
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFEXITED(status)


def test_two_senders_at_once_leave_one_run(make_project, mlflow_server):
    """On two machines no lock keeps them apart."""
    from mlopsc.runtime.tracking.mlflow_client import open_client
    from mlopsc.runtime.tracking.sending import send

    folder = make_project(mlflow_server.url, "both")
    run(folder)
    one = enqueue(Context(folder).store(), _event(folder) | {"rows": 7}, at=1, circumstances={})
    opened = open_client(mlflow_server.url)
    real, inside = opened.create_run, [False]

    def create_run(*arguments, **options):
        if not inside[0]:
            inside[0] = True
            send(opened, mlflow_server.url, Context(folder).store(), one)
        return real(*arguments, **options)

    opened.create_run = create_run
    send(opened, mlflow_server.url, Context(folder).store(), one)
    assert len([found for found in runs_of(mlflow_server, "both") if found.info.start_time == 1]) == 1


def test_a_model_swapped_in_mlflow_is_refused(make_project, mlflow_server):
    folder = make_project(mlflow_server.url, "swapped")
    run(folder)
    (told,) = runs_of(mlflow_server, "swapped")
    (model,) = mlflow_server.folder.glob(
        f"artifacts/*/models/{told.outputs.model_outputs[0].model_id}/artifacts/data/data/*.mlopsc"
    )
    assert model.stem == hashlib.sha256(model.read_bytes()).hexdigest()
    model.write_bytes(model.read_bytes()[:-1] + b"x")

    done = predict_by_mlflow(mlflow_server, f"runs:/{told.info.run_id}/model", folder)
    assert done.returncode == 1
    assert "not the one that was registered" in done.stderr


@pytest.mark.slow
def test_mlflow_serves_the_model_with_our_predictions(make_project, mlflow_server, tmp_path):
    folder = make_project(mlflow_server.url, "served")
    run(folder)
    (told,) = runs_of(mlflow_server, "served")
    port, log = free_port(), tmp_path / "log"
    path = (
        f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # MLflow calls uvicorn by its name
    )
    command = ["models", "serve", "-m", f"runs:/{told.info.run_id}/model", "--env-manager", "local"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", *command, "--port", str(port)],
            env={**os.environ, "MLFLOW_TRACKING_URI": mlflow_server.url, "PATH": path},
            cwd=tmp_path,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/ping", process, log)
        table = pd.read_csv(folder / "rows.csv")[["size", "colour"]].head(20)
        body = {"dataframe_split": json.loads(table.to_json(orient="split", index=False))}
        asked = urllib.request.Request(
            f"http://127.0.0.1:{port}/invocations",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(asked) as answer:
            rows = json.load(answer)["predictions"]
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    classes, probabilities = ours(folder)
    assert [row["prediction"] for row in rows] == classes[:20]
    assert [row["probability_true"] for row in rows] == probabilities[:20]


@pytest.mark.parametrize(
    "target", [pytest.param("kfp", marks=pytest.mark.kfp), pytest.param("prefect", marks=pytest.mark.prefect)]
)
def test_other_targets_tell_the_very_same(make_project, mlflow_server, target, request, monkeypatch):
    """One outcome is one run of MLflow, whichever target it came from."""
    from mlopsc.building import build_plan
    from mlopsc.running import carry_out, make_request

    if target == "prefect":
        for name, value in request.getfixturevalue("prefect_environment").items():
            monkeypatch.setenv(name, value)
    folder = make_project("local", f"on_{target}")
    spec = folder / "mlops.yaml"
    spec.write_text(spec.read_text().replace('{mlflow: "local"}', "{}"))
    monkeypatch.setenv("MLOPSC_TRACKING_URL", mlflow_server.url)  # as pods are told
    plan = build_plan(folder / "mlops.yaml", target=target).plan
    result = carry_out(make_request(plan, folder / "mlops.yaml", "train", {}), target)
    assert result.status == "succeeded", result
    (told,) = runs_of(mlflow_server, f"on_{target}")
    assert plots_of(mlflow_server, told) == PLOTS
    monkeypatch.setenv("MLOPSC_STORE_URL", str(folder / "other-store"))
    monkeypatch.setenv("MLOPSC_REGISTRY_URL", str(folder / "other-registry.db"))
    local = run(folder)
    digest = next(step.outputs["report"] for step in local.steps if step.name == "track_lateness")
    assert digest == next(step.outputs["report"] for step in result.steps if step.name == "track_lateness")
    (same,) = runs_of(mlflow_server, f"on_{target}")
    assert same.info.run_id == told.info.run_id


def test_a_password_stands_nowhere_though_the_server_is_down(make_project, monkeypatch, capfd):
    """Not in the logs, not in the store, not on the terminal: only the environment has it."""
    folder = make_project("local", "secret")
    spec = folder / "mlops.yaml"
    text = spec.read_text().replace('mlflow: "local"', "mlflow: {secret: mlflow}")
    spec.write_text(text + "secrets: {mlflow: {env: MLFLOW_URL}}\n")
    monkeypatch.setenv("MLFLOW_URL", f"http://ann:canary-passwort@127.0.0.1:{free_port()}")
    result = run(folder)
    log = folder / ".mlopsc/runs" / result.run / "track_lateness.log"
    assert "warning: MLflow was not told" in log.read_text()
    written = [path for path in folder.rglob("*") if path.is_file()]
    assert [path for path in written if b"canary" in path.read_bytes()] == []
    told = capfd.readouterr()
    assert "canary" not in told.out + told.err

"""Lowering of tracking, and what the compiler says of it."""

from mlopsc.parity import comparable
from tests.specs import FLIGHTS, compiled, merged, told

PLAIN = "project: {name: flights}"
TRACKED = 'infrastructure: {tracking: {mlflow: "https://mlflow.example.com"}}'


def train(folder, fragment=TRACKED):
    return compiled(folder, merged(FLIGHTS, fragment)).require().pipeline("train")


def test_without_tracking_there_is_no_step(tmp_path):
    assert not [step for step in train(tmp_path, PLAIN).steps if step.operation == "track"]


def test_a_training_is_told_after_its_gates_and_its_registration(tmp_path):
    step = train(tmp_path).step("track_late_arrival")
    assert (step.kind, step.source.line > 1) == ("effect", True)
    assert {port: (one.step, one.port) for port, one in step.inputs.items()} == {
        "model": ("train_late_arrival", "model"),
        "metrics": ("evaluate_late_arrival", "metrics"),
        "curves": ("evaluate_late_arrival", "curves"),
        "environment": ("train_late_arrival", "environment"),
        "report_flights": ("validate_flights", "report"),
        "report_weather": ("validate_weather", "report"),
        "decision_good_enough": ("gate_good_enough", "decision"),
        "decision_beats_champion": ("gate_beats_champion", "decision"),
        "registered_late_arrival": ("register_late_arrival", "decision"),
    }
    configuration = step.configuration
    assert configuration["experiment"] == "flights"
    assert configuration["params"] == {
        "estimator": "sklearn.ensemble.HistGradientBoostingClassifier",
        "params.max_iter": 200,
        "features": ["visib", "wind_speed", "distance", "carrier", "hour"],
        "label": "arr_delay > 15",
        "seed": 7,
        "split.type": "time",
        "split.test": "30d",
        "vars.late_after": 15,
        "parameters.as_of": "${params.as_of}",
    }
    assert configuration["tags"] == {"owner": "ops-ml"}
    assert configuration["datasets"]["weather"] == {"type": "parquet", "place": "data/weather.parquet"}


def test_the_model_that_is_told_is_the_one_that_is_registered(tmp_path):
    refitted = train(tmp_path, f"{TRACKED}\ntraining: {{late_arrival: {{refit: true}}}}")
    told_of, registered = refitted.step("track_late_arrival"), refitted.step("register_late_arrival")
    assert told_of.inputs["model"] == registered.inputs["model"]
    assert told_of.inputs["model"].step == "refit_late_arrival"


def test_what_only_says_where_runs_are_told_misses_no_other_step(tmp_path):
    plain, tracked = train(tmp_path, PLAIN), train(tmp_path)
    assert [step for step in tracked.steps if step.operation != "track"] == list(plain.steps)


def test_targets_are_compared_without_telling_anybody(tmp_path):
    plan = compiled(tmp_path, merged(FLIGHTS, TRACKED)).require()
    kept = comparable(plan, {}).pipeline("train")
    assert {step.name for step in plan.pipeline("train").steps} - {step.name for step in kept.steps} == {
        "track_late_arrival"
    }


def test_a_secret_url_is_checked_and_counts_as_used(tmp_path):
    secret = "infrastructure: {tracking: {mlflow: {secret: mlflow}}}"
    assert [line for line in told(tmp_path, merged(FLIGHTS, secret)) if "MLC207" in line] != []
    declared = merged(FLIGHTS, secret + "\nsecrets: {mlflow: {env: MLFLOW_URL}}")
    assert [line for line in told(tmp_path, declared) if "secret" in line] == []
    step = compiled(tmp_path, declared).require().pipeline("train").step("track_late_arrival")
    assert step.configuration["mlflow"] == {"secret": "mlflow"}
    assert step.configuration["secrets"] == {"mlflow": {"env": "MLFLOW_URL"}}


def test_a_password_in_the_url_is_refused(tmp_path):
    url = 'infrastructure: {tracking: {mlflow: "https://ann:geheim@mlflow.example.com"}}'
    (line,) = [one for one in told(tmp_path, merged(FLIGHTS, url)) if "MLC404" in one]
    assert "geheim" in line  # what is underlined
    (fault,) = [one for one in compiled(tmp_path, merged(FLIGHTS, url)).diagnostics if one.code == "MLC404"]
    assert "MLOPSC_TRACKING_URL" in str(fault.help)


def test_a_place_that_is_no_server_is_refused(tmp_path):
    for place in ("ftp://mlflow", "mlruns", "databricks"):
        fragment = f'infrastructure: {{tracking: {{mlflow: "{place}"}}}}'
        assert [one for one in told(tmp_path, merged(FLIGHTS, fragment)) if "MLC109" in one], place

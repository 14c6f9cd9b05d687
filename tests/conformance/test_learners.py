"""What learns beside plain scikit-learn, on every backend that runs pipelines: the same bytes and decisions."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

SPEC = """\
apiVersion: mlopsc/v1
project: {name: learners, owner: o}
targets: {kfp: {image: 'registry.example.com/learners:1.0'}}
datasets:
  visits:
    source: {type: csv, path: visits.csv}
    primary_key: [id]
    columns: {age: {type: float64}, outcome: {type: string, nullable: false}}
training:
  boosted:
    entities: {dataset: visits, label: outcome}
    features: [age, city, stay]
    split: {type: stratified}
    estimator: xgboost.XGBClassifier
    params: {n_estimators: 5, max_depth: 3}
    metrics: [accuracy]
    export: {onnx: true}
  light:
    entities: {dataset: visits, label: stay}
    features: [age, city, outcome]
    estimator: lightgbm.LGBMRegressor
    params: {n_estimators: 5, min_child_samples: 5, monotone_constraints: {age: 1}}
    preprocess: {columns: {age: {impute: {constant: 40}, scale: quantile}, city: {encode: target}}}
    metrics: [r2]
gates:
  accurate: {type: metric, training: boosted, metric: accuracy, min: 0.2}
  close: {type: metric, training: light, metric: r2, min: 0.99999}
registry:
  outcome: {training: boosted, stages: {live: {gates: [accurate]}}}
  stay: {training: light, stages: {live: {gates: [close]}}}
"""


@pytest.fixture
def visits(tmp_path: Path) -> Path:
    """Return the folder of a small project."""
    return begin(tmp_path / "learners")


@pytest.fixture(scope="module")
def reference(mlopsc, tmp_path_factory) -> list[str]:
    """Return what it comes to on the local target, training and prediction."""
    folder = begin(tmp_path_factory.mktemp("reference") / "learners")
    return trained_and_asked(mlopsc, folder, "local")


def trained_and_asked(mlopsc, folder: Path, target: str) -> list[str]:
    commands = [["run"], ["predict", "outcome@live", "visits.csv"]]
    told = mlopsc.one_by_one([[*one, "--target", target, "--json"] for one in commands], folder)
    assert [one.status for one in told] == [5, 0], told
    return [one.out for one in told]


def begin(folder: Path) -> Path:
    folder.mkdir()
    (folder / "mlops.yaml").write_text(SPEC)
    outcomes = ("home", "ward", "other")
    rows = [
        f"{n},{'' if n % 11 == 0 else n % 83},{'abcdefg'[n % 7]},{(n * 37) % 19 + n % 7},{outcomes[n % 83 // 28]}"
        for n in range(300)
    ]
    (folder / "visits.csv").write_text("\n".join(["id,age,city,stay,outcome", *rows]) + "\n")
    return folder


def test_boosters_are_equal_everywhere(mlopsc, visits, reference, running, request):
    server = request.getfixturevalue("prefect_environment") if running == "prefect" else {}
    commands = replace(mlopsc, surroundings=server)
    found = trained_and_asked(commands, visits, running)
    assert [json.loads(one)["status"] for one in found] == ["refused", "succeeded"]
    for ours, theirs in zip(map(json.loads, found), map(json.loads, reference), strict=True):
        assert ours["status"] == theirs["status"]
        outputs = [{step["name"]: step["outputs"] for step in report["steps"]} for report in (ours, theirs)]
        assert outputs[0] == outputs[1]
        assert ours["metrics"] == theirs["metrics"]
        assert ours["gates"] == theirs["gates"]

    # No journal here knows the target's run: what it came to is judged again from registry and store.
    assert not (visits / ".mlopsc" / "journal.db").exists()
    edited = SPEC.replace("min: 0.2}", "min: 1.0}").replace("min: 0.99999}", "min: -9.0}")
    (visits / "mlops.yaml").write_text(edited)
    said = json.loads(commands("gates", "replay", "--json", cwd=visits))
    assert (said["blocked_then"], said["blocked_now"], said["not_known"]) == (1, 1, 0)
    found = {one["status"]: one["gates"] for one in said["replayed"]}
    (accurate,), (close,) = found["registered"], found["refused"]
    assert (accurate["then"]["verdict"], accurate["now"]["verdict"]) == ("pass", "fail")
    assert (close["then"]["verdict"], close["now"]["verdict"]) == ("fail", "pass")

"""A training for each segment, from the spec to predictions: each model knows its own rows alone."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import mlopsc
from mlopsc.diagnostics.errors import MlopscError, Refusal, StepFailed
from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import read_json
from mlopsc.runtime.learning.fitted import open_model
from mlopsc.runtime.models.archive import load_model_file, read_row_hashes, read_signature
from mlopsc.runtime.models.canonical import dump_estimator
from mlopsc.runtime.models.trust import Trust
from mlopsc.runtime.operations import assemble, count_segments, train
from mlopsc.runtime.store import Store
from mlopsc.vocabulary.operations import Assemble, CountSegments, Train
from mlopsc.vocabulary.segments import Segments

LOGISTIC = "sklearn.linear_model.LogisticRegression"
SPEC = """\
apiVersion: mlopsc/v1
project: {name: branches}
datasets:
  rows: {source: {type: csv, path: rows.csv}, primary_key: [id], event_time: at}
training:
  late:
    entities: {dataset: rows, label: late}
    features: [a, kind, branch]
    for_each: {column: branch, values: [north, south]OTHER}
    split: {type: time, test: 0.25}
    estimator: sklearn.linear_model.LogisticRegression
    metrics: [roc_auc, accuracy]
gates:
  everywhere: {type: slice, training: late, metric: accuracy, by: [branch], min: 0.6, min_group: 10}
registry:
  late: {training: late, stages: {production: {gates: [everywhere]}}}
"""


def rows_of(branches: list[str], count: int = 400) -> pd.DataFrame:
    """Return rows in which late depends on `a`, in the south the other way round."""
    chance = np.random.default_rng(5)
    branch = chance.choice(branches, count)
    a = chance.normal(size=count).round(6)
    late = np.where(branch == "south", -a, a) + 0.5 * chance.normal(size=count) > 0
    at = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(np.arange(count), unit="h")
    kind = chance.choice(["x", "y"], count)
    return pd.DataFrame(
        {"id": np.arange(count), "at": at, "a": a, "kind": kind, "branch": branch, "late": late}
    )


def run(folder: Path, rows: pd.DataFrame, other: str = "", spec: str = SPEC) -> Any:
    rows.to_csv(folder / "rows.csv", index=False)
    (folder / "mlops.yaml").write_text(spec.replace("OTHER", other))
    return mlopsc.run_local(folder / "mlops.yaml")


def artifact(folder: Path, summary: Any, step: str, port: str) -> Path:
    (found,) = [one for one in summary.steps if one.name == step]
    return Store.open(str(folder / ".mlopsc/store")).get_path(found.outputs[port])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A project whose two segments have been trained, and its summary."""
    folder = tmp_path_factory.mktemp("segments")
    return folder, run(folder, rows_of(["north", "south"]))


def fit(folder: Path, table: pa.Table, **said: Any) -> Path:
    """Carry out a train step on a table of its own."""
    pq.write_table(table, folder / "train.parquet")
    about = {"training": "late", "label": "late", "seed": 0}
    config = Train(**about | {"estimator": LOGISTIC, "features": ("a", "kind")} | said)
    outputs = {port: folder / port for port in ("model", "environment")}
    context = Context(folder, "sqlite://", str(folder / "store"), actor="test")
    train.run(config, {"train": folder / "train.parquet"}, outputs, context)
    return outputs["model"]


def test_each_model_is_the_one_of_a_training_on_its_rows_alone(trained, tmp_path):
    folder, summary = trained
    assert summary.gates["everywhere"]["verdict"] == "pass"  # one model for both branches would know nothing
    whole = load_model_file(artifact(folder, summary, "assemble_late", "model"))
    table = pq.read_table(artifact(folder, summary, "split_late", "train"))
    for place, branch in enumerate(("north", "south")):
        own = table.filter(pa.compute.equal(table["branch"], branch)).drop_columns("branch")
        alone = load_model_file(fit(tmp_path, own)).estimator
        assert dump_estimator(whole.estimator.models[place]) == dump_estimator(alone)


def test_a_model_has_seen_no_rows_of_other_segments_and_none_of_the_test_part(trained, tmp_path):
    folder, first = trained
    parts = {
        part: pq.read_table(artifact(folder, first, "split_late", part)).to_pandas()
        for part in ("train", "test")
    }
    for branch in ("north", "south"):
        own = parts["train"].query("branch == @branch")["__row__"]
        model = artifact(folder, first, f"train_late_{branch}", "model")
        assert read_row_hashes(model).tolist() == sorted(own.tolist())
    whole = artifact(folder, first, "assemble_late", "model")
    assert read_row_hashes(whole).tolist() == sorted(parts["train"]["__row__"].tolist())
    changed = rows_of(["north", "south"])
    of_train = changed["at"] < parts["test"]["__time__"].min()
    others = (changed["branch"] == "south") | ~of_train
    changed.loc[others, "a"] *= 100
    changed.loc[others, "kind"] = "z"
    second = run(tmp_path, changed)
    before, after = (
        {step.name: step.outputs["model"] for step in one.steps if step.operation in ("train", "assemble")}
        for one in (first, second)
    )
    assert before["train_late_north"] == after["train_late_north"]
    assert before["train_late_south"] != after["train_late_south"]
    assert before["assemble_late"] != after["assemble_late"]


def test_the_slice_of_each_segment_is_measured_and_its_rows_are_told(trained):
    folder, summary = trained
    metrics = read_json(artifact(folder, summary, "evaluate_late", "metrics"))
    assert {name: [one["slice"] for one in parts] for name, parts in metrics["slices"].items()} == {
        "branch": ["north", "south"]
    }
    signature = read_signature(artifact(folder, summary, "assemble_late", "model"))
    assert [one["name"] for one in signature["features"]] == ["a", "kind", "branch"]
    counts = read_json(artifact(folder, summary, "segments_late", "report"))["segments"]
    assert signature["segments"] == {
        "column": "branch",
        "other": "refuse",
        "models": [{"value": one["value"], "rows": one["train"]} for one in counts],
    }
    assert sum(one["train"] + one["test"] for one in counts) == 400


def test_predictions_are_those_of_the_models_and_unknown_segments_are_told_by_row(trained):
    folder, _ = trained
    rows = rows_of(["north", "south"])
    model = mlopsc.load_model("late@production", project=folder)
    predict = {"pipeline": "predict_late", "parameters": {"input": "rows.csv"}}
    found = mlopsc.run_local(folder / "mlops.yaml", **predict)
    said = pq.read_table(artifact(folder, found, "predict_late", "predictions")).to_pandas()
    assert (said["prediction"] == model.predict(rows)).all()
    assert (said["probability_true"] == model.predict_proba(rows)[:, 1]).all()
    rows.loc[[3, 7], "branch"] = ["east", None]
    with pytest.raises(StepFailed, match="row 4: column 'branch' holds 'east'"):
        model.predict(rows)
    rows.to_csv(folder / "new.csv", index=False)
    predict["parameters"] = {"input": "new.csv"}
    with pytest.raises(MlopscError) as caught:
        mlopsc.run_local(folder / "mlops.yaml", **predict).require()
    told = "2 rows are of a segment that has no model; line 5 (row 4): column 'branch' holds 'east'"
    assert told in str(caught.value)
    assert "line 9 (row 8): column 'branch' holds null" in str(caught.value)


def counted(folder: Path, train: list[Any], test: list[Any], **segments: Any) -> dict[str, Any]:
    """Carry out the count of segments over two parts that hold one column."""
    for part, values in (("train", train), ("test", test)):
        pq.write_table(pa.table({"branch": values}), folder / part)
    config = CountSegments(training="late", for_each=Segments(column="branch", **segments))
    context = Context(folder, "sqlite://", str(folder / "store"), actor="test")
    inputs = {part: folder / part for part in ("train", "test")}
    count_segments.run(config, inputs, {"report": folder / "report"}, context)
    return read_json(folder / "report")


def test_rows_of_other_segments_and_segments_without_rows_to_judge_by_are_told(tmp_path):
    found = counted(tmp_path, [1, 1, 2, 2, 3], [1, 4, 4, None], values=(1, 2), min_rows=2, other="pool")
    assert found["segments"] == [{"value": 1, "train": 2, "test": 1}, {"value": 2, "train": 2, "test": 0}]
    assert found["others"] == [
        {"value": 4, "train": 0, "test": 2},
        {"value": 3, "train": 1, "test": 0},
        {"value": None, "train": 0, "test": 1},
    ]
    assert found["notes"] == ["no row of the test part is of segment branch = 2: its model is not judged"]
    assert found["failures"] == []


@pytest.mark.parametrize(
    ("train", "segments", "reason"),
    [
        (
            ["north"] * 3 + ["west", "west", None],
            {"values": ("north",)},
            "rows of branch = 'west' (3), null (1) have no model: list their segments in `values`, or say "
            "`other: pool` or `other: drop`",
        ),
        (
            [True, True, False],
            {"values": (True,)},
            "rows of branch = false (1) have no model: list their segments in `values`, or say "
            "`other: pool` or `other: drop`",
        ),
        (
            ["north"] * 3,
            {"values": ("north", "south"), "other": "pool"},
            "segment branch = 'south' has 0 rows in the train part, `min_rows` is 2: take it out of `values` "
            "(`other: pool` then holds for its rows), or ask for fewer rows",
        ),
    ],
)
def test_training_is_refused_where_a_row_or_a_segment_would_have_no_model(tmp_path, train, segments, reason):
    with pytest.raises(Refusal) as caught:
        counted(tmp_path, train, train[-2:-1], min_rows=2, **segments)
    assert str(caught.value) == f"training 'late': {reason}"
    assert read_json(tmp_path / "report")["failures"] == [reason]


def test_no_model_is_trained_where_a_row_would_have_none(tmp_path):
    summary = run(tmp_path, rows_of(["north", "south", "west"]))
    assert summary.status == "refused"
    statuses = {step.name: step.status for step in summary.steps}
    assert statuses["segments_late"] == "refused"
    assert statuses["train_late_north"] == statuses["assemble_late"] == "skipped"


def test_other_rows_are_dropped_from_training_evaluation_and_prediction(tmp_path):
    rows = rows_of(["north", "south", "west"])
    summary = run(tmp_path, rows, ", other: drop")
    for part in ("train", "test"):
        kept = pq.read_table(artifact(tmp_path, summary, "split_late", part), columns=["branch"])
        assert set(kept.column(0).to_pylist()) == {"north", "south"}
    found = mlopsc.run_local(
        tmp_path / "mlops.yaml", pipeline="predict_late", parameters={"input": "rows.csv"}
    )
    report = read_json(artifact(tmp_path, found, "predict_late", "report"))
    assert report["rows"]["outside_population"] == (rows["branch"] == "west").sum()


def test_one_search_over_all_a_pooled_model_and_a_refit_that_keeps_what_was_settled(tmp_path):
    more = (
        "    tune: {search: grid, space: {C: {choice: [1.0e-4, 1.0]}}, cv: {type: time, folds: 2}}\n"
        "    threshold: {maximize: f1, cv: 2}\n    class_weight: balanced\n    refit: true\n"
    )
    rows = rows_of(["north", "south", "west"])
    summary = run(tmp_path, rows, ", other: pool", SPEC.replace("    metrics:", f"{more}    metrics:"))
    trials = read_json(artifact(tmp_path, summary, "trials_late", "trials"))
    assert [one["status"] for one in trials["trials"]] == ["ok", "ok"]
    best = trials["trials"][trials["best"]]["params"]
    steps = ("train_late_north", "pooled_late", "assemble_late", "refit_late")
    north, pooled, judged, again = (
        read_signature(artifact(tmp_path, summary, step, "model")) for step in steps
    )
    assert [one["params"] for one in (north, pooled, judged, again)] == [best] * 4
    models = judged["segments"]["models"]
    assert models[0] == {"value": "north", "rows": north["rows"], "threshold": north["threshold"]}
    assert models[2] == {"rows": pooled["rows"], "threshold": pooled["threshold"]}
    assert [one["threshold"] for one in again["segments"]["models"]] == [one["threshold"] for one in models]
    assert (judged["rows"], again["rows"]) == (300, 400)
    model = mlopsc.load_model("late@production", project=tmp_path)
    west, inner = rows["branch"] == "west", model.estimator.pooled
    asked = rows[["a", "kind", "branch"]].astype({"kind": object, "branch": object})
    assert (model.predict_proba(rows)[west] == inner.predict_proba(asked[west])).all()
    assert inner.threshold == pooled["threshold"]


def test_what_fails_names_the_segment(tmp_path):
    table = pa.table(
        {"__row__": pa.array([1, 2, 3], pa.uint64()), "a": [1.0, 2.0, 3.0], "kind": ["x", "y", "x"],
         "branch": ["north", "south", "south"], "__label__": [True, False, False]}
    )  # fmt: skip
    with pytest.raises(StepFailed) as caught:
        fit(tmp_path, table, segment_by="branch", segment="south")
    assert str(caught.value) == (
        "segment branch = 'south': training 'late': the label 'late' has one value only in the train part, False: "
        "there is nothing to tell apart"
    )


OWN = """\
from sklearn.dummy import DummyClassifier

def made(params, seed):
    return DummyClassifier(strategy="prior")

def learned(table, label, params, seed, folder):
    (folder / "said.txt").write_text(f"{sorted(table.columns)} {label.mean()}")

class Said:
    def __init__(self, text):
        self.text = text
    def predict(self, table):
        return [True] * len(table)

def opened(folder):
    return Said((folder / "said.txt").read_text())
"""


@pytest.mark.parametrize(
    "estimator",
    [
        "xgboost.XGBClassifier",
        "lightgbm.LGBMClassifier",
        {"python": "own:made"},
        {"python": "learner:learned", "loader": "learner:opened", "task": "classification"},
    ],
    ids=["xgboost", "lightgbm", "a function's", "one with a loader"],
)
def test_models_of_every_kind_are_put_together_and_loaded_again(tmp_path, estimator):
    if isinstance(estimator, str):
        pytest.importorskip(estimator.partition(".")[0])
    for module in ("own", "learner"):  # one that is imported hides another of its name
        (tmp_path / f"{module}.py").write_text(OWN)
    chance = np.random.default_rng(0)
    branch = chance.choice(["north", "south", "west"], 90)
    frame = pd.DataFrame({"a": chance.normal(size=90), "branch": branch})
    label = (frame["a"] > 0) ^ (branch == "south")
    rows = pa.array(np.arange(90), pa.uint64())
    table = pa.Table.from_pandas(frame, preserve_index=False)
    table = table.append_column("__row__", rows).append_column("__label__", pa.array(label))
    segments = Segments(column="branch", values=("north", "south"), other="pool")
    said = {"features": ("a", "branch"), "for_each": segments, "estimator": estimator}
    path = fit(tmp_path, table, **said)
    code = Train(training="t", label="late", seed=0, **said).functions()
    found = open_model(path, code, tmp_path)
    asked = frame.astype({"branch": object})
    answers = found.estimator.predict(asked)
    for place, name in enumerate(("north", "south")):
        alone = found.estimator.models[place].predict(asked.loc[branch == name, ["a"]])
        assert (answers[branch == name] == np.asarray(alone)).all()
    assert (answers[branch == "west"] == found.estimator.pooled.predict(asked[branch == "west"])).all()
    assert dump_estimator(found.estimator, Trust(("own", "learner"))) == dump_estimator(
        open_model(path, code, tmp_path).estimator, Trust(("own", "learner"))
    )


def test_what_is_trained_in_one_step_is_what_is_assembled_to_the_byte(tmp_path):
    """A refit, and a gate that trains again, do in one step what a fan-out does: lists among parameters are shared."""
    chance = np.random.default_rng(0)
    columns = {"a": chance.normal(size=90), "branch": chance.choice(["north", "south", "west"], 90)}
    label = pa.array(columns["a"] + chance.normal(size=90) > 0)
    table = pa.table({"__row__": pa.array(np.arange(90), pa.uint64()), **columns, "__label__": label})
    segments = Segments(column="branch", values=("north", "south"), other="pool")
    whole = Train(
        training="late",
        label="late",
        seed=0,
        features=("a", "branch"),
        for_each=segments,
        estimator="sklearn.neural_network.MLPClassifier",
        params={"hidden_layer_sizes": [3, 2], "tol": 10.0, "n_iter_no_change": 1},
    )
    inputs = {"train": tmp_path / "train.parquet"}
    for port, config in (
        ("models_0", whole.of_segment("north")),
        ("models_1", whole.of_segment("south")),
        ("pooled", whole.of_all()),
    ):
        folder = tmp_path / port
        folder.mkdir()
        inputs[port] = fit(folder, table, **dict(config))
    once = fit(tmp_path, table, **dict(whole))
    outputs = {port: tmp_path / f"assembled_{port}" for port in ("model", "environment")}
    context = Context(tmp_path, "sqlite://", str(tmp_path / "store"), actor="test")
    assemble.run(Assemble(training="late", train=whole), inputs, outputs, context)
    assert outputs["model"].read_bytes() == once.read_bytes()

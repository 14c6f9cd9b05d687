"""Predictions for the rows of a file: the training's own features, checked input, every row accounted for."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlopsc.diagnostics.errors import MlopscError, StepFailed
from mlopsc.runtime.learning.fitted import open_model
from mlopsc.runtime.operations import predict
from mlopsc.runtime.predicting import batchwise
from mlopsc.vocabulary.operations import Predict

TREES = "sklearn.ensemble.HistGradientBoostingClassifier"


@dataclass(frozen=True)
class Answer:
    """What a prediction wrote."""

    table: pa.Table
    report: dict[str, Any]
    data: bytes


@dataclass(frozen=True)
class Predictor:
    """Trains a model on `a`, `b`, `c` and predicts with it."""

    workbench: Any
    model: Path

    def write(self, text: str, name: str = "new.csv") -> str:
        (self.workbench.context.project / name).write_text(text, "utf-8")
        return name

    def parquet(self, columns: dict[str, Any], name: str = "new.parquet") -> str:
        pq.write_table(pa.table(columns), self.workbench.context.project / name)
        return name

    def __call__(self, path: str, views: dict[str, Path] | None = None, **config: Any) -> Answer:
        given = {"model": "m", "training": "t", "source": {"type": "csv", "path": path}, "features": "abc"}
        given["features"] = list("abc")
        operation = Predict.model_validate_json(json.dumps(given | config))
        folder = self.workbench.folder
        outputs = {port: folder / port for port in operation.output_ports()}
        for out in outputs.values():
            out.unlink(missing_ok=True)
        inputs = {"model": self.model} | {f"view_{name}": file for name, file in (views or {}).items()}
        predict.run(operation, inputs, outputs, self.workbench.context)
        table = pq.read_table(outputs["predictions"])
        return Answer(table, json.loads(outputs["report"].read_text()), outputs["predictions"].read_bytes())

    def refused(self, path: str, **config: Any) -> str:
        """Return what is said of an input that does not suit; nothing may be written."""
        with pytest.raises(MlopscError) as caught:
            self(path, **config)
        assert not (self.workbench.folder / "predictions").exists()
        return f"{caught.value} | {caught.value.help}"


@pytest.fixture
def predictor(workbench) -> Predictor:
    return Predictor(workbench, workbench.train(workbench.sample("train")))


@pytest.fixture
def trained(workbench) -> Callable[..., Predictor]:
    """Return a predictor for a model of another estimator or label."""

    def make(estimator: str, **label: Any) -> Predictor:
        table = workbench.sample("train", **label)
        return Predictor(workbench, workbench.train(table, estimator=estimator))

    return make


CSV = "id,a,b,c\n7,1.5,3,x\n8,-1.5,,\n9,0.2,1,unseen\n"


def test_each_row_gets_its_keys_a_prediction_and_a_probability_for_each_class(predictor):
    found = predictor(predictor.write(CSV), primary_key=["id"])
    estimator = open_model(predictor.model, (), Path()).estimator
    frame = pd.DataFrame({"a": [1.5, -1.5, 0.2], "b": [3, np.nan, 1], "c": ["x", np.nan, "unseen"]})
    frame["c"] = frame["c"].astype(object)
    assert found.table.column_names == [
        *("id", "prediction", "probability_false", "probability_true", "model_digest"),
    ]
    assert found.table["id"].to_pylist() == [7, 8, 9]
    assert found.table["prediction"].to_pylist() == estimator.predict(frame).tolist()
    assert found.table["probability_true"].to_pylist() == estimator.predict_proba(frame)[:, 1].tolist()
    assert set(found.table["model_digest"].to_pylist()) == {found.report["model_digest"]}
    assert found.report["rows"] == {
        "read": 3,
        "predicted": 3,
        "without_event_time": 0,
        "outside_population": 0,
    }
    assert found.report["problems"] == []


def test_without_a_primary_key_the_rows_are_numbered(predictor):
    found = predictor(predictor.write(CSV), where="b is not null")
    assert found.table["row"].to_pylist() == [1, 3]
    assert found.report["problems"] == ["left out by `where`: 1 row in which 'b is not null' does not hold"]
    assert found.report["rows"]["outside_population"] == 1


def test_csv_parquet_and_json_lines_of_the_same_rows_give_the_same_bytes(predictor):
    text = predictor(predictor.write(CSV))
    columns = {"a": [1.5, -1.5, 0.2], "b": [3, None, 1], "c": ["x", None, "unseen"]}
    lines = "".join(
        json.dumps(dict(zip(columns, row, strict=True))) + "\n" for row in zip(*columns.values(), strict=True)
    )
    assert predictor(predictor.parquet(columns)).data == text.data
    assert predictor(predictor.write(lines, "new.jsonl")).data == text.data


def test_the_dialect_of_the_trainings_csv_holds_for_csv_input(predictor):
    path = predictor.write("a;b;c\n1.5;NA;x\n")
    dialect = {"type": "csv", "path": path, "delimiter": ";", "nulls": ["NA"]}
    assert predictor(path, source=dialect).table.num_rows == 1


def test_an_input_without_rows_gives_predictions_without_rows(predictor):
    found = predictor(predictor.write("a,b,c\n"))
    assert found.table.num_rows == 0
    assert found.table.schema.field("prediction").type == pa.bool_()
    assert found.report["problems"] == ["the input has no rows"]


def test_cells_that_do_not_fit_are_told_by_line_row_and_column(predictor):
    text = "a,b,c\n1,2,x\nfar,2,x\n1,many,x\n1,2,x\n" + "?,2,x\n" * 6
    assert predictor.refused(predictor.write(text)) == (
        "new.csv does not suit m: 8 cells are of another type; line 3 (row 2): column 'a' holds 'far', "
        "expected a number\n"
        "line 4 (row 3): column 'b' holds 'many', expected a number\n"
        "line 6 (row 5): column 'a' holds '?', expected a number\n"
        "line 7 (row 6): column 'a' holds '?', expected a number\n"
        "line 8 (row 7): column 'a' holds '?', expected a number\n"
        "and 3 more | correct the data; nothing was predicted"
    )


def test_text_in_parquet_where_numbers_belong_is_told_by_row(predictor):
    path = predictor.parquet({"a": ["1", "far"], "b": [1, 2], "c": ["x", "y"]})
    assert predictor.refused(path).startswith(
        "new.parquet does not suit m: row 2: column 'a' holds 'far', expected a number"
    )


def test_a_column_of_another_type_is_told_at_once(predictor):
    path = predictor.parquet({"a": [True], "b": [1], "c": [1]})
    assert predictor.refused(path).startswith(
        "new.parquet does not hold what the model wants\n"
        "column 'a', a feature of the model, is bool: expected a number\n"
        "column 'c', a feature of the model, is int64: expected text"
    )


@pytest.mark.parametrize(
    ("header", "config", "said"),
    [
        ("a,bb,c", {}, "new.csv has no column 'b', a feature of the model | it has a, bb, c"),
        (
            "a,b,c,sise",
            {"where": "size > 1"},
            "new.csv has no column 'size', which `where` reads | did you mean 'sise'?",
        ),
        (
            "a,b,c",
            {"primary_key": ["id"], "where": "size > 1"},
            "new.csv lacks 2 columns:\n'size', which `where` reads\n'id', of the primary key",
        ),
        ("a,b,c", {"event_time": "at"}, "new.csv has no column 'at', the event time"),
    ],
)
def test_missing_columns_are_told_with_what_they_are_for(predictor, header, config, said):
    assert predictor.refused(predictor.write(f"{header}\n1,2,x\n"), **config).startswith(said)


def test_rows_without_an_event_time_are_left_out_and_counted(predictor):
    path = predictor.write("at,a,b,c\n2026-01-01,1,2,x\n,1,2,x\n2026-01-02 10:00,1,2,x\n")
    found = predictor(path, event_time="at", timezone="Europe/Berlin")
    assert [one.isoformat() for one in found.table["at"].to_pylist()] == [
        "2025-12-31T23:00:00+00:00",
        "2026-01-02T09:00:00+00:00",
    ]
    assert found.table["row"].to_pylist() == [1, 3]
    assert found.report["problems"] == ["left out for want of a time: 1 row in which 'at' is null"]


def test_features_are_joined_as_they_were_known_at_the_rows_time(predictor, tmp_path):
    view = tmp_path / "view"
    duckdb.sql(
        "select * from (values ('p', timestamptz '2026-01-01 00:00Z', 1.0::double), "
        "('p', timestamptz '2026-01-02 00:00Z', -3.0), ('q', timestamptz '2026-01-01 00:00Z', 2.0)) t(k, since, b)"
    ).write_parquet(str(view))
    join = {"view": "v", "entity": {"key": "k"}, "feature_time": "since", "ttl": "36h", "columns": ["b"]}
    path = predictor.write(
        "t,key,a,c\n2026-01-02 12:00,p,1,x\n2026-01-01 12:00,p,1,x\n2026-01-05,p,1,x\n2026-01-01 01:00,q,1,x\n"
    )
    found = predictor(path, {"v": view}, event_time="t", joins=[join])
    known = predictor(predictor.write("a,b,c\n1,-3,x\n1,1,x\n1,,x\n1,2,x\n"))
    assert found.table["row"].to_pylist() == [1, 2, 3, 4]
    assert found.table["probability_true"].equals(known.table["probability_true"])


def test_a_model_of_other_features_than_todays_is_refused(predictor):
    path = predictor.write(CSV)
    assert predictor.refused(path, features=["a", "b"]).startswith(
        "the model was fitted on 'c', which training 't' does not make today; its features: a, b | predict with"
    )
    assert predictor.refused(path, columns={"c": {"type": "int64"}}).startswith("new.csv does not suit m")


def test_a_feature_of_another_kind_than_the_models_is_refused(predictor):
    path = predictor.write("a,b,c\n1,2,3\n")
    assert predictor.refused(path, columns={"c": {"type": "int64"}}).startswith(
        "training 't' makes other features than those of the model\n"
        "feature 'c' is a number today, and was text (string) when the model was trained"
    )


def test_features_that_the_model_does_not_want_need_not_be_there(predictor):
    assert predictor(predictor.write(CSV), features=["a", "b", "new", "c"]).table.num_rows == 3


@pytest.mark.parametrize("estimator", [TREES, "sklearn.ensemble.RandomForestClassifier"])
def test_classes_may_be_text_and_predictions_are_those_of_the_model_itself(trained, estimator):
    random = np.random.default_rng(3)
    labels = pa.array(random.choice(["Adelie", "Gentoo", "Chinstrap"], 400).tolist(), pa.string())
    predictor = trained(estimator, __label__=labels)
    columns = {"a": random.normal(size=70_000), "b": random.integers(0, 9, 70_000), "c": ["x"] * 70_000}
    found = predictor(predictor.parquet(columns))
    assert found.table.column_names[2:5] == [
        *("probability_Adelie", "probability_Chinstrap", "probability_Gentoo"),
    ]
    frame = pd.DataFrame(columns).astype({"b": float, "c": object})
    estimator = open_model(predictor.model, (), Path()).estimator
    assert found.table["prediction"].to_pylist() == estimator.predict(frame).tolist()
    assert found.table["probability_Gentoo"].to_pylist() == estimator.predict_proba(frame)[:, 2].tolist()


def test_a_regressor_predicts_numbers_alone(trained):
    predictor = trained("sklearn.linear_model.Ridge", __label__=np.linspace(0.0, 1.0, 400))
    found = predictor(predictor.write(CSV))
    assert found.table.column_names == ["row", "prediction", "model_digest"]
    assert found.table.schema.field("prediction").type == pa.float64()


def test_batches_make_no_difference_but_to_memory(predictor, monkeypatch):
    random = np.random.default_rng(5)
    columns = {"a": random.normal(size=5000), "b": random.integers(0, 9, 5000), "c": ["x"] * 5000}
    path = predictor.parquet(columns)
    whole = predictor(path)
    monkeypatch.setattr(batchwise, "_ASKED", 512)
    monkeypatch.setattr(batchwise, "_CELLS", 512 * 3)
    parts = predictor(path)
    assert parts.table["row"].equals(whole.table["row"])
    assert np.allclose(parts.table["probability_true"], whole.table["probability_true"], rtol=0, atol=1e-12)
    text = "a,b,c\n" + "1,2,x\n" * 1000 + "oops,2,x\n"
    assert "line 1002 (row 1001): column 'a' holds 'oops'" in predictor.refused(predictor.write(text))


def test_several_files_are_one_input_in_the_order_of_their_names(predictor):
    for name, a in (("part-1.csv", "1"), ("part-2.csv", "oops")):
        predictor.write(f"a,b,c\n{a},2,x\n", name)
    assert predictor.refused("part-*.csv").startswith(
        "part-1.csv does not suit m: part-2.csv, line 2 (row 1): column 'a' holds 'oops'"
    )
    predictor.write("a,b,c\n2,2,x\n", "part-2.csv")
    assert predictor("part-*.csv").table["row"].to_pylist() == [1, 2]


def test_a_key_may_not_be_called_as_a_column_of_the_predictions(predictor):
    assert "column 'prediction' tells rows apart" in predictor.refused(
        predictor.write("prediction,a,b,c\n1,1,2,x\n"), primary_key=["prediction"]
    )


def test_a_name_that_tells_no_format_is_refused(predictor):
    assert predictor.refused(predictor.write(CSV, "new.txt")).startswith(
        "the name of 'new.txt' tells no format"
    )


def test_a_malformed_file_is_told_by_line(predictor):
    with pytest.raises(MlopscError, match=r"new\.csv, line 3: expected 3 cells, found 2"):
        predictor(predictor.write("a,b,c\n1,2,x\n1,2\n"))


def test_what_the_model_cannot_answer_is_a_failed_step(predictor, monkeypatch):
    monkeypatch.setattr("sklearn.linear_model.LogisticRegression.predict_proba", lambda *_: 1 / 0)
    with pytest.raises(StepFailed, match="Pipeline cannot predict: ZeroDivisionError"):
        predictor(predictor.write(CSV))


MEASURED = """
import json, resource, sys
from pathlib import Path

from mlopsc.runtime.context import Context
from mlopsc.runtime.operations import predict
from mlopsc.vocabulary.operations import Predict

project, model, path, out = sys.argv[1:]
source = {"type": "parquet", "path": path}
config = {"model": "m", "training": "t", "source": source, "features": ["a", "b", "c"], "primary_key": ["id"]}
operation = Predict.model_validate_json(json.dumps(config | {"operation": "predict"}))
outputs = {port: Path(out) / port for port in operation.output_ports()}
predict.run(operation, {"model": Path(model)}, outputs, Context(project=Path(project), threads=2))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(trained, tmp_path):
    """A file of ten times the rows: what is held at once grows by a fraction of what the rows take in memory."""
    predictor = trained("sklearn.linear_model.LogisticRegression")
    project = predictor.workbench.context.project
    peaks, taken = [], []
    for million in (1, 10):
        with pq.ParquetWriter(
            project / "large.parquet",
            pa.schema({"id": pa.int64(), "a": pa.float64(), "b": pa.float64(), "c": pa.string()}),
        ) as writer:
            size = 0
            for part in range(million * 4):
                chance = np.random.default_rng(part)
                words = pa.array([f"word {part} {number % 997}" for number in range(250_000)])
                rows = pa.table(
                    {
                        "id": np.arange(part * 250_000, (part + 1) * 250_000),
                        "a": chance.normal(size=250_000),
                        "b": chance.normal(size=250_000),
                        "c": words,
                    }
                )
                writer.write_table(rows)
                size += rows.nbytes
        command = [
            sys.executable,
            "-c",
            MEASURED,
            str(project),
            str(predictor.model),
            "large.parquet",
            str(tmp_path),
        ]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        peaks.append(int(done.stdout.split()[-1]))
        taken.append(size)
        assert pq.ParquetFile(tmp_path / "predictions").metadata.num_rows == million * 1_000_000
    assert peaks[1] - peaks[0] < (taken[1] - taken[0]) / 4, (peaks, taken)

"""The public surface, name by name, and what importing and using it costs and gives."""

import subprocess
import sys

import pandas as pd
import pytest

import mlopsc

SPEC = """\
apiVersion: mlopsc/v1
project: {name: p, owner: o}
parameters: {last: {type: timestamp, default: 2025-01-01T00:00:00Z}}
datasets:
  rows:
    source: {type: csv, path: rows.csv}
    primary_key: [id]
    event_time: seen
    columns: {seen: {type: timestamp}}
training:
  shapes:
    entities: {dataset: rows, label: big, until: "${params.last}"}
    features: [size, colour]
    estimator: sklearn.linear_model.LogisticRegression
    metrics: [roc_auc]
gates:
  good: {type: metric, training: shapes, metric: roc_auc, min: 0.5}
registry:
  shapes: {training: shapes, stages: {staging: {gates: [good]}}}
"""


@pytest.fixture
def spec(tmp_path):
    rows = [
        f"{n},2024-01-01T00:00:00Z,{n % 17},{'red' if n % 3 else 'blue'},{n % 17 + n % 5 > 8}"
        for n in range(200)
    ]
    (tmp_path / "rows.csv").write_text("\n".join(["id,seen,size,colour,big", *rows]) + "\n")
    (tmp_path / "mlops.yaml").write_text(SPEC)
    return tmp_path / "mlops.yaml"


def test_the_public_names_are_these():
    assert mlopsc.__all__ == [
        "DriftReport",
        "LeaseLost",
        "MlopscError",
        "Model",
        "OnlineFeatures",
        "OnlineStoreError",
        "Refusal",
        "RegistryError",
        "RunSummary",
        "SpecError",
        "StepFailed",
        "StoreError",
        "UsageError",
        "ValidationReport",
        "__version__",
        "compile_spec",
        "drift_report",
        "load_model",
        "load_spec",
        "online_features",
        "point_in_time_join",
        "run_local",
        "validate_table",
        "validation_page",
    ]
    assert dir(mlopsc) == sorted(mlopsc.__all__)
    for name in mlopsc.__all__:
        assert getattr(mlopsc, name).__doc__


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'load_specs'"):
        mlopsc.load_specs  # noqa: B018


def test_importing_it_imports_nothing_of_weight():
    script = "import sys, mlopsc; print(*(m for m in sys.modules if m.partition('.')[0] in sys.argv[1:]))"
    names = ["mlopsc", "pydantic", "pandas", "numpy", "yaml", "duckdb"]
    done = subprocess.run([sys.executable, "-c", script, *names], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["mlopsc"]


def test_a_spec_is_loaded_and_compiled(spec):
    loaded = mlopsc.load_spec(spec)
    assert loaded.training["shapes"].features == ("size", "colour")
    plan = mlopsc.compile_spec(str(spec), target="local")
    assert [pipeline.name for pipeline in plan.pipelines] == ["train", "predict_shapes"]


def test_the_text_of_a_spec_error_is_the_report(spec):
    spec.write_text(SPEC.replace("[size, colour]", "[size, color]"))
    for call in (mlopsc.load_spec, mlopsc.compile_spec, mlopsc.run_local):
        with pytest.raises(mlopsc.SpecError) as raised:
            call(spec)
        assert "did you mean 'colour'?" in str(raised.value)
        assert "^^^^^" in str(raised.value)
        assert raised.value.diagnostics
        assert isinstance(raised.value, mlopsc.MlopscError)


def test_a_model_is_trained_registered_and_loaded(spec):
    heard = []
    summary = mlopsc.run_local(spec, parameters={"last": pd.Timestamp("2024-06-01")}, on_step=heard.append)
    assert summary.require() is summary
    assert summary.status == "succeeded"
    assert [step.name for step in heard if step.name == "train_shapes"] == ["train_shapes"]
    assert summary.registered["shapes"]["version"] == 1

    model = mlopsc.load_model("shapes@staging", project=spec.parent)
    assert (model.name, model.features) == ("shapes/1", ("size", "colour"))
    table = pd.DataFrame({"colour": ["red", "blue"], "size": [16, 0], "other": [1, 2]})
    assert model.predict(table).tolist() == [True, False]
    assert model.predict_proba(table).shape == (2, 2)
    with pytest.raises(mlopsc.MlopscError, match="lacks features of the model: colour"):
        model.predict(table[["size"]])
    with pytest.raises(mlopsc.MlopscError, match="no rows"):
        model.predict(table.head(0))
    with pytest.raises(mlopsc.MlopscError, match="expected a pandas, polars or pyarrow table, found list"):
        model.predict([[16, "red"]])
    with pytest.raises(mlopsc.RegistryError, match="unknown stage 'prod'"):
        mlopsc.load_model("shapes@prod", project=spec.parent)


def test_a_run_that_a_gate_refuses_can_be_required(spec):
    spec.write_text(SPEC.replace("min: 0.5", "min: 1.5"))
    summary = mlopsc.run_local(spec)
    assert (summary.status, summary.exit_code) == ("refused", 5)
    with pytest.raises(mlopsc.Refusal, match="gate 'good' failed"):
        summary.require()


def test_a_swapped_model_file_is_not_loaded(spec):
    digest = mlopsc.run_local(spec).registered["shapes"]["digest"]
    blob = spec.parent / ".mlopsc" / "store" / "blobs" / digest[7:9] / digest[7:]
    blob.chmod(0o644)
    blob.write_bytes(blob.read_bytes() + b"x")
    with pytest.raises(mlopsc.StoreError, match="is damaged"):
        mlopsc.load_model("shapes@staging", project=spec.parent)


def test_parameters_are_checked(spec):
    with pytest.raises(mlopsc.UsageError, match="takes no parameter 'lst'"):
        mlopsc.run_local(spec, parameters={"lst": 1})
    with pytest.raises(mlopsc.UsageError, match="parameter 'last'"):
        mlopsc.run_local(spec, parameters={"last": True})

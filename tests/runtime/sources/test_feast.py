"""Feature views of an existing Feast repository as datasets, read by real Feast."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import mlopsc
from mlopsc.building import check_spec
from mlopsc.codegen.data import data_fault
from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.sources.load import load_source
from mlopsc.vocabulary.sources import FeastSource
from tests.peers import peer_python, run_peer

START = datetime(2026, 1, 1, tzinfo=UTC)
STORE = """\
project: shop
provider: local
registry: registry.db
offline_store: {type: OFFLINE}
online_store: {type: sqlite, path: online.db}
entity_key_serialization_version: 3
"""
DEFINITIONS = """\
from datetime import timedelta
from pathlib import Path

from feast import Entity, FeatureView, Field, FileSource, ValueType
from feast.types import Float64, Int64

customer = Entity(name="customer", join_keys=["customer"], value_type=ValueType.INT64)
credit = FeatureView(
    name="credit",
    entities=[customer],
    ttl=timedelta(days=3),
    schema=[Field(name="customer", dtype=Int64), Field(name="credit", dtype=Float64), Field(name="level", dtype=Int64)],
    source=FileSource(
        name="credits",
        path=str(Path(__file__).parent / "credits.parquet"),
        timestamp_field="seen",
        created_timestamp_column="told",
        field_mapping={"cust": "customer", "lvl": "level"},
    ),
)
"""
SPEC = """\
apiVersion: mlopsc/v1
project: {name: shop, owner: o}
datasets:
  orders: {source: {type: csv, path: orders.csv}, primary_key: [n], event_time: at, columns: {at: {type: timestamp}}}
  credits:
    source: {type: feast, repo: repo, feature_view: credit}
    primary_key: [customer, seen, told]
    event_time: seen
    columns: {customer: {type: int64}, seen: {type: timestamp}, told: {type: timestamp}, credit: {type: float64}}
features:
  credit: {dataset: credits, entity: [customer], ttl: 3d, created: told, columns: [credit]}
training:
  returned:
    entities: {dataset: orders, label: late}
    features: [credit, size]
    estimator: sklearn.tree.DecisionTreeClassifier
    metrics: [roc_auc]
"""


@pytest.fixture(params=["dask", "duckdb"])
def project(request, tmp_path: Path, monkeypatch) -> Path:
    """Return a project with an applied Feast repository in its folder `repo`."""
    monkeypatch.setenv("MLOPSC_FEAST_PYTHON", str(peer_python("feast")))
    repo = tmp_path / "repo"
    repo.mkdir()
    rows = [
        {"cust": cust, "seen": START + timedelta(days=day), "told": START + timedelta(days=day, hours=hour),
         "credit": None if day == 2 else cust + day / 4 + hour, "lvl": 2**53 + cust, "unused": "x"}
        for cust in (2, 1)
        for day in (0, 1, 2)
        for hour in (1, 0)
    ]  # fmt: skip
    time = pa.timestamp("us", tz="UTC")
    kinds = [
        ("cust", pa.int64()),
        ("seen", time),
        ("told", time),
        ("credit", pa.float64()),
        ("lvl", pa.int64()),
    ]
    table = pa.Table.from_pylist(rows, pa.schema([*kinds, ("unused", pa.string())]))
    pq.write_table(table, repo / "credits.parquet")
    (repo / "feature_store.yaml").write_text(STORE.replace("OFFLINE", request.param))
    (repo / "definitions.py").write_text(DEFINITIONS)
    run_peer("feast", "from feast.cli.cli import cli; cli(['apply'])", folder=repo)
    return tmp_path


@pytest.mark.peers
def test_a_feature_view_is_a_dataset_in_a_run(project: Path) -> None:
    (project / "mlops.yaml").write_text(SPEC)
    lines = [
        f"{n},{n % 3},{(START + timedelta(hours=7 * n)).isoformat()},{n % 7},{(n * n) % 2}" for n in range(40)
    ]
    (project / "orders.csv").write_text("\n".join(["n,customer,at,size,late", *lines]) + "\n")
    summary = mlopsc.run_local(project / "mlops.yaml")
    assert summary.status == "succeeded", [step.reason for step in summary.steps]
    from mlopsc.runtime.context import Context

    outputs = summary.result.outputs()
    loaded = pq.read_table(Context(project).store().get_path(outputs["load_credits", "data"]))
    assert loaded.column_names == ["customer", "seen", "told", "credit", "level"]
    assert loaded["level"].to_pylist() == [2**53 + 1] * 6 + [2**53 + 2] * 6
    assert loaded.schema.field("seen").type == pa.timestamp("us", tz="UTC")
    again = mlopsc.run_local(project / "mlops.yaml")
    assert again.result.outputs() == outputs


@pytest.mark.peers
def test_what_is_not_there_is_told(project: Path, tmp_path: Path) -> None:
    with pytest.raises(MlopscError, match="has no feature view 'credits'") as caught:
        load(project, feature_view="credits")
    assert caught.value.help == "it has credit"
    (project / "repo" / "credits.parquet").unlink()
    with pytest.raises(MlopscError, match="Feast cannot read credit of repo"):
        load(project)
    (project / "repo" / "registry.db").unlink()
    with pytest.raises(MlopscError, match="has no feature view 'credit'"):
        load(project)


def load(project: Path, **changes: str) -> None:
    source = FeastSource(**{"repo": "repo", "feature_view": "credit"} | changes)
    load_source(source, {}, project=project, out=project / "out")


def test_without_an_interpreter_with_feast_that_is_told(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("MLOPSC_FEAST_PYTHON", raising=False)
    with pytest.raises(MlopscError, match="'repo' is no Feast repository"):
        load(tmp_path)
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "feature_store.yaml").write_text(STORE)
    with pytest.raises(MlopscError, match="nothing names a Python with Feast") as caught:
        load(tmp_path)
    assert "pip install feast" in str(caught.value.help)
    with pytest.raises(MlopscError, match="there is no interpreter 'feast/bin/python'"):
        load(tmp_path, interpreter="feast/bin/python")
    if subprocess.run([sys.executable, "-c", "import feast"], capture_output=True).returncode:
        with pytest.raises(MlopscError, match="has no usable Feast: No module named 'feast'"):
            load(tmp_path, interpreter=sys.executable)


def test_a_repository_outside_the_project_is_refused() -> None:
    for repo in ("../repo", "/srv/repo", "~/repo", "s3://bucket/repo"):
        with pytest.raises(ValueError, match="is no folder of the project"):
            FeastSource(repo=repo, feature_view="credit")


def test_a_repository_does_not_travel_to_other_machines(tmp_path: Path) -> None:
    (tmp_path / "mlops.yaml").write_text(SPEC)
    (tmp_path / "orders.csv").write_text("n,customer,at,size,late\n1,1,2026-01-01T00:00:00Z,2,1\n")
    plan = check_spec(tmp_path / "mlops.yaml").require()
    fault = data_fault(plan.pipeline("train").step("load_credits"), tmp_path, "a pod")
    assert fault is not None
    assert (fault.code, fault.path) == ("MLC503", ("datasets", "credits", "source", "repo"))
    assert "a Feast repository of this machine" in fault.message

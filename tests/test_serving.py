"""Features for a request, as a user's program asks for them, and the commands around the online store."""

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import mlopsc
from mlopsc.building import build_plan
from mlopsc.diagnostics.errors import OnlineStoreError, UsageError
from mlopsc.plan.plan import Plan
from mlopsc.running import carry_out, find_materialize, make_request
from mlopsc.runtime.context import Context
from mlopsc.runtime.operations import features
from mlopsc.vocabulary.online import MATERIALIZE, UNTIL
from mlopsc.vocabulary.operations import Features, Materialize

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted(path.parent for path in ROOT.glob("examples/*/mlops.yaml"))
SPEC = """\
apiVersion: mlopsc/v1
project: {name: shop, owner: o}
datasets:
  orders:
    source: {type: csv, path: orders.csv}
    primary_key: [id]
    event_time: at
    columns: {at: {type: timestamp}, amount: {type: "decimal(9,2)"}}
  customers:
    source: {type: csv, path: customers.csv}
    event_time: since
    columns: {since: {type: timestamp}, credit: {type: "decimal(9,2)"}, level: {type: int64}}
features:
  customer: {dataset: customers, entity: {cust: customer}, ttl: 30d, columns: [credit, level]}
training:
  returned:
    entities: {dataset: orders, label: returned}
    features: [amount, customer]
    estimator: sklearn.linear_model.LogisticRegression
    metrics: [roc_auc]
"""
CUSTOMERS = """\
customer,since,credit,level
1,2026-01-01T00:00:00Z,10.50,3
1,2026-01-10T00:00:00Z,11.50,
2,2026-01-05T00:00:00Z,,9007199254740993
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Return the folder of a small project."""
    (tmp_path / "mlops.yaml").write_text(SPEC)
    (tmp_path / "customers.csv").write_text(CUSTOMERS)
    rows = [f"{n},{n % 3},2026-01-{n % 20 + 1:02}T12:00:00Z,{n}.25,{n % 2}" for n in range(60)]
    (tmp_path / "orders.csv").write_text("\n".join(["id,cust,at,amount,returned", *rows]) + "\n")
    return tmp_path


def command(folder: Path, *arguments: str, status: int = 0) -> str:
    program = str(Path(sys.executable).parent / "mlopsc")
    done = subprocess.run([program, "features", *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def materialize(folder: Path, until: str) -> Plan:
    plan = build_plan(folder / "mlops.yaml", target="local", serving=True).plan
    request = make_request(plan, folder / "mlops.yaml", MATERIALIZE, {UNTIL: until})
    assert carry_out(request).status == "succeeded"
    return plan


@pytest.mark.parametrize("example", EXAMPLES, ids=[path.name for path in EXAMPLES])
def test_examples_serve_what_they_train_on(example: Path, tmp_path: Path) -> None:
    """At the instant of materialization, for every entity that a view knows and one that it does not."""
    folder = shutil.copytree(example, tmp_path / "project", ignore=shutil.ignore_patterns(".mlopsc"))
    plan = build_plan(folder / "mlops.yaml", target="local", serving=True).plan
    if MATERIALIZE not in [pipeline.name for pipeline in plan.pipelines]:
        with pytest.raises(UsageError, match="declares no view that is joined at a point in time"):
            find_materialize(plan, ())
        return
    until = "2013-11-12T13:00:00Z"
    moment = datetime(2013, 11, 12, 13, tzinfo=UTC)
    request = make_request(plan, folder / "mlops.yaml", MATERIALIZE, {UNTIL: until})
    result = carry_out(request)
    assert result.status == "succeeded"
    store = Context(folder).store()
    for step in request.pipeline.steps:
        if step.operation != MATERIALIZE:
            continue
        operation = step.resolved(request.parameters)
        assert isinstance(operation, Materialize)
        source = step.inputs["table"]
        table = store.get_path(result.outputs()[source.step, source.port])
        keys = pq.read_table(table, columns=list(operation.view.entity.values()))
        keys = (
            keys.rename_columns(list(operation.view.entity))
            .group_by(list(operation.view.entity))
            .aggregate([])
        )
        entities = [*keys.to_pylist(), dict.fromkeys(operation.view.entity)]
        times = pa.array([moment] * len(entities), pa.timestamp("us", tz="UTC"))
        listed = pa.Table.from_pylist(entities, keys.schema).append_column("__when", times)
        pq.write_table(listed.append_column("__n", [list(range(len(entities)))]), tmp_path / "entities")
        config = Features(
            training="t",
            primary_key=("__n",),
            event_time="__when",
            features=operation.view.names,
            joins=(operation.view,),
        )
        inputs = {"entities": tmp_path / "entities", operation.view.view: table}
        features.run(config, inputs, {"table": tmp_path / "out"}, Context(folder))
        trained = pq.read_table(tmp_path / "out", columns=list(operation.view.names))
        found = mlopsc.online_features([operation.view.view], entities, at=moment, project=folder)
        assert found.to_arrow().equals(trained.replace_schema_metadata(None))
        assert any(value is not None for row in found for value in row.values())


def test_a_request_gets_a_training_s_features_by_name_and_type(shop: Path) -> None:
    materialize(shop, "2026-01-20")
    asked = [{"cust": 1, "amount": 5}, {"cust": 2, "amount": 7}, {"cust": 3, "amount": None}]
    moment = datetime(2026, 2, 4, tzinfo=UTC)
    found = mlopsc.online_features("returned", asked, at=moment, project=shop)
    assert [list(map(str, row.values())) for row in found] == [
        ["5.00", "11.50", "None"],  # a null in the newest row stays null
        ["7.00", "None", "9007199254740993"],
        ["None", "None", "None"],
    ]
    assert found.to_arrow().schema == pa.schema(
        [("amount", pa.decimal128(9, 2)), ("credit", pa.decimal128(9, 2)), ("level", pa.int64())]
    )
    assert found.as_of == {"customer": datetime(2026, 1, 20, tzinfo=UTC)}
    old = mlopsc.online_features(["customer"], {"cust": 2}, at=datetime(2026, 2, 5), project=shop)  # noqa: DTZ001
    assert old[0] == {"credit": None, "level": None}
    assert len(old[0:1]) == 1
    assert list(found.to_pandas().columns) == ["amount", "credit", "level"]


def test_a_model_takes_what_is_served(shop: Path) -> None:
    spec = SPEC + "registry: {returned: {training: returned, stages: {live: {}}}}\n"
    (shop / "mlops.yaml").write_text(spec)
    assert mlopsc.run_local(shop / "mlops.yaml").status == "succeeded"
    materialize(shop, "2026-01-20")
    model = mlopsc.load_model("returned@live", project=shop)
    found = mlopsc.online_features("returned", [{"cust": 1, "amount": 5}], project=shop)
    assert len(model.predict(found)) == 1


def test_an_edited_spec_is_read_again_and_another_store_can_be_named(shop: Path, tmp_path: Path) -> None:
    materialize(shop, "2026-01-20")
    assert mlopsc.online_features(["customer"], {"cust": 1}, project=shop).as_of
    with pytest.raises(OnlineStoreError, match="holds no view 'customer' of project 'shop'"):
        mlopsc.online_features(["customer"], {"cust": 1}, project=shop, online_store="other.db")
    (shop / "mlops.yaml").write_text(SPEC + "infrastructure: {online_store: elsewhere.db}\n")
    with pytest.raises(OnlineStoreError, match="holds no view"):
        mlopsc.online_features(["customer"], {"cust": 1}, project=shop)
    materialize(shop, "2026-01-21")
    assert (shop / "elsewhere.db").is_file()
    assert mlopsc.online_features(["customer"], {"cust": 1}, project=shop / "mlops.yaml").as_of


def test_a_secret_holds_the_url(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (shop / "mlops.yaml").write_text(
        SPEC + "secrets: {online: {env: ONLINE}}\ninfrastructure: {online_store: {secret: online}}\n"
    )
    monkeypatch.setenv("ONLINE", f"sqlite:///{shop}/geheim.db")
    materialize(shop, "2026-01-20")
    assert (shop / "geheim.db").is_file()
    assert mlopsc.online_features(["customer"], {"cust": 1}, at=datetime(2026, 1, 20), project=shop)[0]  # noqa: DTZ001
    for path in (shop / ".mlopsc").rglob("*"):
        assert not path.is_file() or b"geheim" not in path.read_bytes()


def test_an_instant_that_is_text_is_refused_with_what_to_do(shop: Path) -> None:
    materialize(shop, "2026-01-20")
    with pytest.raises(UsageError, match="`at` is '2026-01-20', expected a datetime"):
        mlopsc.online_features(["customer"], {"cust": 1}, at="2026-01-20", project=shop)  # type: ignore[arg-type]


def test_where_there_is_no_project_that_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        mlopsc.online_features("t", {}, project=tmp_path)


def test_the_command_line_materializes_lists_reads_and_forgets(shop: Path) -> None:
    assert "the online store holds nothing of shop" in command(shop, "list")
    told = command(shop, "materialize", "--until", "2026-01-20")
    assert "customer" in told
    assert "written" in told
    again = command(shop, "materialize", "customer", "--until", "2026-01-20")
    assert "3 cached" in again
    assert "superseded" in command(shop, "materialize", "--until", "2026-01-19")
    listed = json.loads(command(shop, "list", "--json"))
    assert listed["views"]["customer"] == {
        "entities": 2,
        "as_of": "2026-01-20T00:00:00Z",
        "entity": ["cust"],
        "columns": ["credit", "level"],
        "declared": True,
    }
    assert listed["trainings"] == ["returned"]
    got = json.loads(command(shop, "get", "returned", "cust=1", "amount=2", "--at", "2026-01-20", "--json"))
    assert got["features"] == {"amount": "2.00", "credit": "11.50", "level": None}
    assert "credit  11.50" in command(shop, "get", "customer", "cust=1", "--at", "2026-01-20")
    assert "removed customer" in command(shop, "forget", "customer")
    assert "holds no view 'customer'" in command(shop, "forget", "customer", status=2)
    assert "3 cached" not in command(shop, "materialize", "--until", "2026-01-19")


def test_the_command_line_says_what_is_wrong(shop: Path) -> None:
    assert "did you mean 'customer'" in command(shop, "materialize", "custmer", status=2)
    assert "expected a timestamp" in command(shop, "materialize", "--until", "soon", status=2)
    assert "--until says it" in command(shop, "materialize", "--set", f"{UNTIL}=now", status=2)
    command(shop, "materialize")
    assert "expected int64" in command(shop, "get", "customer", 'cust="1"', status=2)
    (shop / "customers.csv").unlink()
    assert "no such file: 'customers.csv'" in command(shop, "materialize", status=4)

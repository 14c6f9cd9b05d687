"""What a run of the pipeline `materialize` leaves in an online store, on every backend that runs pipelines."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

SPEC = """\
apiVersion: mlopsc/v1
project: {name: shop, owner: o}
targets: {kfp: {image: 'registry.example.com/shop:1.0'}}
datasets:
  orders:
    source: {type: csv, path: orders.csv}
    primary_key: [id]
    event_time: at
    columns: {at: {type: timestamp}, amount: {type: float64}, cust: {type: int64}}
  customers:
    source: {type: csv, path: customers.csv}
    event_time: since
    columns: {customer: {type: int64}, since: {type: timestamp}, credit: {type: "decimal(9,2)"}, level: {type: int64}}
features:
  customer: {dataset: customers, entity: {cust: customer}, ttl: 30d, columns: [credit, level]}
  visits: {dataset: customers, entity: {cust: customer}, aggregates: {seen: {function: count, window: 16d}}}
  per_level: {python: "shop_rows:per_level", rows: [amount, level], columns: {per_level: float64}}
training:
  returned:
    entities: {dataset: orders, label: returned}
    features: [amount, customer, visits, per_level]
    estimator: sklearn.linear_model.LogisticRegression
    metrics: [roc_auc]
"""
CODE = """\
import pandas


def per_level(table):
    return pandas.DataFrame({"per_level": table["amount"] / table["level"]})
"""
CUSTOMERS = """\
customer,since,credit,level
1,2026-01-01T00:00:00Z,10.50,3
1,2026-01-10T00:00:00Z,11.50,
2,2026-01-05T00:00:00Z,,9007199254740993
2,2026-01-25T00:00:00Z,1.00,1
"""
UNTIL = "2026-01-20T00:00:00Z"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Return the folder of a small project."""
    folder = tmp_path / "shop"
    (folder / "served").mkdir(parents=True)
    (folder / "mlops.yaml").write_text(SPEC)
    (folder / "shop_rows.py").write_text(CODE)
    (folder / "customers.csv").write_text(CUSTOMERS)
    rows = [f"{n},{n % 3},2026-01-{n % 20 + 1:02}T12:00:00Z,{n}.25,{n % 2}" for n in range(60)]
    (folder / "orders.csv").write_text("\n".join(["id,cust,at,amount,returned", *rows]) + "\n")
    return folder


def stored(folder: Path) -> dict[str, list[tuple[str, ...]]]:
    """Return all that the online store of a project holds, and empty it."""
    file = folder / "served" / "online.db"
    with closing(sqlite3.connect(file)) as connection:
        found = {
            table: sorted(connection.execute(f"select * from {table}").fetchall())
            for table in ("views", "entries", "trainings")
        }
    file.unlink()
    return found


def test_a_run_leaves_in_the_store_what_a_local_one_does(mlopsc, shop, running, request):
    arguments = ("features", "materialize", "--until", UNTIL, "--json")
    place = {"MLOPSC_ONLINE_STORE_URL": f"sqlite:///{shop}/served/online.db"}
    mlopsc = replace(mlopsc, surroundings=place)
    told = json.loads(mlopsc(*arguments, cwd=shop))
    reference = stored(shop)
    assert [len(reference[table]) for table in ("views", "entries", "trainings")] == [2, 4, 1]
    server = request.getfixturevalue("prefect_environment") if running == "prefect" else {}
    commands = replace(mlopsc, surroundings={**server, **place})
    found = json.loads(commands(*arguments, "--target", running, cwd=shop))
    # What was materialized there is read here.
    asked = ("features", "get", "returned", "cust=2", "amount=4", "--at", UNTIL, "--json")
    got = json.loads(mlopsc(*asked, cwd=shop))["features"]
    assert got == {"amount": 4.0, "credit": None, "level": 2**53 + 1, "seen": 1, "per_level": 4.0 / 2**53}
    assert stored(shop) == reference
    assert found["status"] == told["status"] == "succeeded"
    outputs = [{step["name"]: step["outputs"] for step in report["steps"]} for report in (found, told)]
    assert outputs[0] == outputs[1]

"""A spec of datasets alone: every command that makes sense without a training."""

import json

import pytest

SPEC = """\
apiVersion: mlopsc/v1
project: {name: shop}
datasets:
  rows:
    source: {type: csv, path: orders.csv}
    primary_key: [id]
    columns: {amount: {type: float64, min: 0}}
  customers: {source: {type: csv, path: customers.csv}}
"""


@pytest.fixture
def shop(project):
    (project / "mlops.yaml").write_text(SPEC)
    (project / "orders.csv").write_text("id,amount\n1,5.0\n2,7.5\n")
    (project / "customers.csv").write_text("name\nann\n")
    return project


def test_data_are_validated_locked_and_reported_without_a_training(shop, cli):
    assert cli("validate", "--strict").status == 0
    made = json.loads(cli("run", "--json").out)
    assert made["status"] == "succeeded"
    steps = {step["name"] for step in made["steps"]}
    assert steps == {"load_rows", "validate_rows", "load_customers", "validate_customers"}
    assert cli("lock").status == 0
    assert cli("run", "--locked").status == 0
    assert cli("report", "--dataset", "rows", "--out", "rows.html").status == 0
    assert "rows" in (shop / "rows.html").read_text()
    assert cli("graph").status == 0
    for target in ("prefect", "kfp"):
        options = ("--out", target) if target == "prefect" else ("--out", target, "--environment", "image")
        text = SPEC + "environments: {image: {targets: {kfp: {image: 'registry.example.com/shop:1'}}}}\n"
        (shop / "mlops.yaml").write_text(text)
        outcome = cli("compile", "--target", target, *options)
        assert outcome.status == 0, outcome.err


def test_bad_data_are_refused_and_other_datasets_are_looked_at_all_the_same(shop, cli):
    (shop / "orders.csv").write_text("id,amount\n1,5.0\n2,-7.5\n")
    outcome = cli("run", "--json")
    assert outcome.status == 5
    steps = {step["name"]: step["status"] for step in json.loads(outcome.out)["steps"]}
    assert steps["validate_rows"] == "refused"
    assert steps["validate_customers"] == "run"


def test_without_training_and_dataset_there_is_nothing_to_do(shop, cli):
    (shop / "mlops.yaml").write_text("apiVersion: mlopsc/v1\nproject: {name: shop}\n")
    outcome = cli("validate")
    assert outcome.status == 1
    assert "the file lacks the key 'training'" in outcome.out + outcome.err
    assert "to check data alone, `datasets:" in outcome.out + outcome.err


def test_a_distribution_is_compared_with_what_was_locked(shop, cli):
    def amounts(low, step=1):
        lines = [f"{i},{low + i * 7 % 100 * step}.5" for i in range(300)]
        (shop / "orders.csv").write_text("id,amount\n" + "\n".join(lines) + "\n")

    check = "    checks: [{expect: distribution_unchanged, column: amount}]\n"
    (shop / "mlops.yaml").write_text(SPEC.replace("  customers:", f"{check}  customers:"))
    amounts(100)
    first = cli("run")
    assert first.status == 0
    assert "not compared: mlops.lock holds no profile of 'amount'" in first.err + first.out
    assert cli("lock").status == 0
    assert "profiles" in json.loads((shop / "mlops.lock").read_text())["datasets"]["rows"]
    assert "profiles" not in json.loads((shop / "mlops.lock").read_text())["datasets"]["customers"]
    again = cli("run")
    assert (again.status, "not compared" in again.err + again.out) == (0, False)
    amounts(160)
    changed = cli("run")
    assert changed.status == 5
    assert "'amount' drifts by psi, ks" in changed.err + changed.out
    assert "mlops.yaml:8:14" in changed.err + changed.out
    assert cli("lock").status == 0
    assert cli("run").status == 0

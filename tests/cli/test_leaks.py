"""Leaks from the command line: each kind ends in a compile error, or in a failed check that names the column."""

import json
from pathlib import Path

import pytest

ORDERS = """\
apiVersion: mlopsc/v1
project: {{name: leaks}}
datasets:
  orders:
    source: {{type: csv, path: orders.csv}}
    primary_key: [id]
    event_time: placed
    columns: {{id: {{type: int64}}, placed: {{type: timestamp}}, customer: {{type: string}}, late: {{type: bool}}}}
  visits:
    source: {{type: csv, path: visits.csv}}
    event_time: seen
    columns: {{seen: {{type: timestamp}}, written: {{type: timestamp}}, customer: {{type: string}}}}
features:
  ahead:
    sql: "select *, lead(amount) over (partition by customer order by placed, id) as next_amount from orders"
    event_time: placed
  fitted:
    sql: "select *, (amount - avg(amount) over ()) / stddev(amount) over () as scaled from orders"
    event_time: placed
  doubled: {{sql: "select *, late::int * 2 as code from orders", event_time: placed}}
  visited: {{dataset: visits, entity: [customer], created: written, {known}columns: [pages]}}
training:
  lateness:
    entities: {{{table}, label: late}}
    features: [{features}]
    split: {split}
    estimator: sklearn.linear_model.LogisticRegression
    metrics: [roc_auc]
    leakage: {leakage}
targets:
  kfp: {{image: "registry.example.com/leaks:1.0"}}
"""


@pytest.fixture
def orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Write a project of orders, in which `copy` holds the label in other words, and return how to vary its spec."""
    monkeypatch.chdir(tmp_path)
    for name in ("MLOPSC_REGISTRY_URL", "MLOPSC_STORE_URL"):
        monkeypatch.delenv(name, raising=False)
    orders, visits = ["id,placed,customer,amount,late,copy"], ["seen,written,customer,pages"]
    for n in range(400):
        placed = f"2024-01-{1 + n // 24:02}T{n % 24:02}:00:00Z"
        late = (n * 37 % 101) + (n * 17 % 29) > 70
        orders.append(f"{n},{placed},c{n * 7 % 11},{n * 37 % 101},{late},{'due' if late else 'fine'}")
        visits.append(f"{placed},2024-03-01T00:00:00Z,c{n * 5 % 11},{n % 9}")
    (tmp_path / "orders.csv").write_text("\n".join(orders))
    (tmp_path / "visits.csv").write_text("\n".join(visits))

    def write(features, table="dataset: orders", split="{type: time, test: 0.2}", leakage="{}", known=""):
        text = ORDERS.format(features=features, table=table, split=split, leakage=leakage, known=known)
        (tmp_path / "mlops.yaml").write_text(text)

    return write


def refused(cli) -> str:
    """Run, which a declared rule must refuse before anything is trained; return what it says."""
    ran = cli("run", "--local", "--json")
    assert ran.status == 5, ran.out + ran.err
    summary = json.loads(ran.out)
    assert {one["name"]: one["status"] for one in summary["steps"]}["train_lateness"] == "skipped"
    return summary["splits"]["lateness"]["failures"][0]


def test_a_copy_of_the_label_in_the_data_is_a_failed_check(orders, cli) -> None:
    orders("amount, copy")
    assert refused(cli).startswith("'copy' tells the label by itself (AUC 1 by its values; limit 0.998)")


def test_a_copy_of_the_label_in_the_spec_is_an_error(orders, cli) -> None:
    orders("amount, code", table="view: doubled")
    found = cli("validate")
    assert found.status == 1
    assert "error[MLC402]: feature 'code' is computed from 'orders.late', like the label" in found.err


def test_fitting_before_the_split_is_an_error(orders, cli) -> None:
    orders("scaled", table="view: fitted")
    found = cli("validate")
    assert found.status == 1
    assert "error[MLC412]: feature 'scaled' is computed over all rows" in found.err


def test_a_feature_of_the_future_is_an_error(orders, cli) -> None:
    orders("amount, next_amount", table="view: ahead")
    found = cli("validate")
    assert found.status == 1
    assert "error[MLC411]: feature 'next_amount' looks at later rows: lead()" in found.err


def test_groups_across_the_split_are_told_and_counted_and_a_failed_check_where_that_is_said(
    orders, cli
) -> None:
    known = "known_at: written, "
    orders("amount, visited", split="{type: random, test: 0.2}", known=known)
    assert (
        "warning[MLC416]: a random split puts rows of one 'customer' into both parts" in cli("validate").err
    )
    assert cli("validate", "--strict").status == 1
    ran = cli("run", "--local")
    assert ran.status == 0
    said = "80 of 80 test rows are of a 'customer' that is in the train part too"
    assert f"warning: training 'lateness': {said}" in ran.err
    orders("amount, visited", split="{type: random, test: 0.2}", known=known, leakage="{overlap: block}")
    assert refused(cli).startswith(said)


def test_groups_that_stay_together_are_in_one_part(orders, cli) -> None:
    orders("amount, visited", split="{type: group, by: customer, test: 0.2}", known="known_at: written, ")
    assert "MLC416" not in cli("validate").err
    assert cli("run", "--local").status == 0
    pd = pytest.importorskip("pandas")
    parts = []
    for part in ("train", "test"):
        assert cli("artifact", f"split_lateness.{part}", "--out", f"{part}.parquet").status == 0
        parts.append(set(pd.read_parquet(f"{part}.parquet")["__group__"]))
    assert parts[0].isdisjoint(parts[1])


def test_rows_created_after_the_label_are_told_and_do_not_join_when_known_at_says_so(orders, cli) -> None:
    orders("amount, visited")
    found = cli("validate", "--strict")
    assert found.status == 1
    assert (
        "[MLC414]: rows of view 'visited' whose 'written' is after the label's time join all the same"
        in found.err
    )
    orders("amount, visited", known="known_at: written, ")
    assert "MLC414" not in cli("validate").err
    assert cli("run", "--local").status == 0
    cli("artifact", "features_lateness.table", "--out", "features.csv")
    assert {line.split(",")[3] for line in Path("features.csv").read_text().splitlines()[1:]} == {""}


def test_a_leak_that_is_allowed_is_trained_on(orders, cli) -> None:
    orders("amount, copy", leakage="{allow: [copy]}")
    assert cli("run", "--local").status == 0


def test_a_leak_that_is_a_warning_is_told(orders, cli) -> None:
    orders("amount, copy", leakage="{on_failure: warn}")
    ran = cli("run", "--local")
    assert ran.status == 0
    assert "warning: training 'lateness': 'copy' tells the label by itself" in ran.err


@pytest.mark.kfp
def test_a_leak_is_refused_by_kubeflow_pipelines_too(orders, cli) -> None:
    pytest.importorskip("kfp")
    orders("amount, copy")
    ran = cli("run", "--target", "kfp")
    assert ran.status == 5
    assert "'copy' tells the label by itself" in ran.out + ran.err


@pytest.mark.prefect
def test_a_leak_is_refused_by_prefect_too(orders, cli, prefect_environment, monkeypatch) -> None:
    for name, value in prefect_environment.items():
        monkeypatch.setenv(name, value)
    orders("amount, copy")
    ran = cli("run", "--target", "prefect")
    assert ran.status == 5
    assert "'copy' tells the label by itself" in ran.out + ran.err

"""`mlopsc import`: the section on the screen or in a file, what was left behind on standard error and in the status."""

import json
from pathlib import Path

import pytest

SUITE = Path(__file__).parents[1] / "importing/suites/orders-1.x.json"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_section_is_printed_and_the_rest_is_told(cli):
    done = cli(
        "import", "great-expectations", str(SUITE), "--dataset", "orders", "--source", "data/orders.csv"
    )
    assert done.status == 1
    assert "  orders:\n    source: {type: csv, path: data/orders.csv}\n    checks:\n" in done.out
    assert "    # Not carried over:\n    #   expectations[10] expect_column_values_to_be_between" in done.out
    assert (
        "warning: expectations[10], expect_column_values_to_be_between of 'amount', is not carried over"
        in done.err
    )
    assert "19 of 20 expectations are checks of dataset 'orders'" in done.err


def test_a_suite_that_carries_over_whole_ends_with_status_0(cli, folder):
    suite = {"name": "s", "expectations": [{"type": "expect_column_to_exist", "kwargs": {"column": "c"}}]}
    (folder / "s.json").write_text(json.dumps(suite))
    done = cli("import", "great-expectations", "s.json", "-o", "datasets.yaml")
    assert (done.status, done.out.splitlines()[0][:19]) == (0, "wrote datasets.yaml")
    assert (
        "{type: parquet, path: data/s.parquet}  # say here where the data are"
        in (folder / "datasets.yaml").read_text()
    )


def test_as_json(cli):
    done = cli("import", "great-expectations", str(SUITE), "--json")
    found = json.loads(done.out)
    assert (done.status, len(found["checks"]), found["left_behind"][0]["place"]) == (
        1,
        19,
        "expectations[10]",
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.json"], "cannot read none.json"),
        ([str(SUITE), "--source", "x.sql"], "tells no format"),
        ([str(SUITE), "--dataset", "a b"], "is no name"),
    ],
)
def test_wrong_arguments_are_refused(cli, arguments, message):
    done = cli("import", "great-expectations", *arguments)
    assert done.status == 2
    assert message in done.err

"""`mlopsc predict`: where predictions go, what is told of them, and what is refused before anything runs."""

import json

import duckdb
import pyarrow.parquet as pq
import pytest

NEW = "id,seen,size,colour\n1,2024-02-01,15.5,red\n2,,3.25,blue\n3,2024-02-01T02:00:00Z,,green\n"


@pytest.fixture
def rows(trained):
    (trained / "new.csv").write_text(NEW)
    return trained


def test_the_first_predictions_are_shown_with_what_was_left_out(rows, cli):
    found = cli("predict", "lateness@staging", "new.csv")
    assert found.status == 0
    lines = found.out.splitlines()
    at = lines.index("Predictions of lateness/1")
    assert lines[at + 1].split() == ["id", "seen", "prediction", "probability_false", "probability_true"]
    assert lines[at + 2].split()[:3] == ["1", "2024-02-01T00:00:00Z", "true"]
    assert lines[at + 3].split()[:2] == ["3", "2024-02-01T02:00:00Z"]
    assert lines[-1].startswith("2 predictions of 3 rows: .mlopsc/store/blobs/")
    assert "warning: left out for want of a time: 1 row in which 'seen' is null" in found.err


def test_predictions_are_written_as_the_name_says(rows, cli):
    assert cli("predict", "lateness/1", "new.csv", "--out", "p.parquet").status == 0
    found = cli("predict", "lateness@staging", "new.csv", "-o", "p.csv")
    assert found.out.splitlines()[-1] == "2 predictions of 3 rows by lateness/1: p.csv"
    printed = cli("predict", "lateness@staging", "new.csv", "-o", "p.CSV")
    assert printed.status == 0
    table = pq.read_table(rows / "p.parquet")
    text = duckdb.sql(f"select * from read_csv('{rows / 'p.csv'}')").to_arrow_table()
    assert table.column_names == text.column_names
    assert table["id"].to_pylist() == text["id"].to_pylist() == [1, 3]
    assert table["probability_true"].to_pylist() == text["probability_true"].to_pylist()
    assert sorted(path.name for path in rows.glob(".tmp-*")) == []


def test_predictions_may_go_to_standard_output(rows, cli):
    cli("predict", "lateness@staging", "new.csv", "--out", "p.csv")
    found = cli("predict", "lateness@staging", "new.csv", "--out", "-")
    assert (found.status, found.out) == (0, (rows / "p.csv").read_text())


def test_a_script_gets_the_report_and_the_place(rows, cli):
    found = json.loads(cli("predict", "lateness@staging", "new.csv", "--json").out)
    made = found["predictions"]["lateness"]
    assert (made["version"], made["rows"]["predicted"], made["rows"]["without_event_time"]) == (1, 2, 1)
    assert pq.read_table(made["path"]).num_rows == 2
    assert [step["status"] for step in found["steps"]] == ["run", "run"]
    again = json.loads(cli("predict", "lateness@staging", "new.csv", "--json").out)
    assert [step["status"] for step in again["steps"]] == ["cached", "cached"]


def test_the_input_is_found_from_where_the_user_stands(rows, cli, monkeypatch, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "other.csv").write_text(NEW)
    monkeypatch.chdir(elsewhere)
    assert cli("predict", "lateness@staging", "other.csv", str(rows), "--out", "p.csv").status == 0
    assert (elsewhere / "p.csv").is_file()


def test_a_cell_that_does_not_fit_fails_the_run_and_writes_nothing(rows, cli):
    (rows / "new.csv").write_text(NEW.replace("15.5", "large"))
    (rows / "p.csv").write_text("of yesterday")
    found = cli("predict", "lateness@staging", "new.csv", "--out", "p.csv")
    assert found.status == 4
    assert (
        "step predict_lateness failed: new.csv does not suit lateness: "
        "line 2 (row 1): column 'size' holds 'large', expected a number" in found.err
    )
    assert (rows / "p.csv").read_text() == "of yesterday"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["latenes@staging", "new.csv"],
            "mlops.yaml declares no model 'latenes'\n  = help: did you mean 'lateness'?",
        ),
        (["lateness@", "new.csv"], "'lateness@' names no version"),
        (["lateness/staging", "new.csv"], "'lateness/staging' names no version"),
        (["lateness@staging", "ne.csv"], "there is no file ne.csv\n  = help: did you mean 'new.csv'?"),
        (["lateness@staging", "new.txt"], "the name of 'new.txt' tells no format"),
        (["lateness@staging", "new.csv", "--out", "p.xlsx"], "expected a name that ends in .parquet or .csv"),
        (["lateness@staging", "new.csv", "--out", "gone/p.csv"], "there is no folder gone"),
        (["lateness@staging", "new.csv", "--out", "new.csv"], "that is the input"),
        (["lateness@staging", "new.csv", "--out", "-", "--json"], "--json and --out - exclude each other"),
        (["lateness@staging", "new.csv", "--set", "version=2"], "--set version: MODEL@STAGE says it"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(rows, cli, arguments, said):
    found = cli("predict", *arguments)
    assert (found.status, said in found.err) == (2, True), found.err
    assert (rows / "new.csv").read_text() == NEW


def test_a_stage_that_nothing_holds_is_told_with_what_to_do(rows, cli):
    found = cli("predict", "lateness", "new.csv")
    assert found.status == 4
    assert "no version of model 'lateness' holds stage 'production' yet" in found.err
    assert "mlopsc registry promote lateness/NUMBER --to production" in found.err


def test_a_link_to_the_input_is_the_input(rows, cli):
    (rows / "link.csv").symlink_to(rows / "new.csv")
    assert "that is the input" in cli("predict", "lateness@staging", "new.csv", "--out", "link.csv").err


def test_a_monitor_is_no_prediction(rows, cli):
    found = cli("monitor", "predict_lateness")
    assert (found.status, "declares no monitor 'predict_lateness'" in found.err) == (2, True)

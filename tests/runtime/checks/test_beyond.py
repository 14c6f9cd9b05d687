"""Checks that look beyond the table: clock, other datasets, the lock."""

from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlopsc import SpecError, validate_table
from mlopsc.diagnostics.errors import Refusal
from mlopsc.runtime.context import Context
from mlopsc.runtime.operations import validate
from mlopsc.vocabulary.operations import Validate

SEEN = pd.DataFrame(
    {"t": pd.to_datetime(["2024-05-01T00:00Z", "2024-05-03T12:00Z", None, "2024-06-01T00:00Z"])}
)
FRESH = {"expect": "freshness", "column": "t", "max_age": "2d"}


@pytest.mark.parametrize(
    ("at", "passed", "observed"),
    [
        ("2024-05-05T12:00:00Z", True, datetime(2024, 5, 3, 12, tzinfo=UTC)),
        ("2024-05-05T12:00:01Z", False, datetime(2024, 5, 3, 12, tzinfo=UTC)),
        ("2024-06-01T00:00:00Z", True, datetime(2024, 6, 1, tzinfo=UTC)),
        ("2024-04-30T00:00:00Z", False, None),
    ],
)
def test_the_newest_value_up_to_the_instant_is_judged(at, passed, observed):
    (found,) = validate_table(SEEN, checks=[{**FRESH, "at": at}]).results
    assert (found.passed, found.observed) == (passed, observed)


def test_dates_count_from_midnight():
    days = pd.DataFrame({"t": [datetime(2024, 5, 3).date()]})  # noqa: DTZ001
    at = {"at": "2024-05-05T00:00:00Z"}
    assert validate_table(days, checks=[{**FRESH, **at}]).passed
    assert not validate_table(days, checks=[{**FRESH, "at": "2024-05-05T00:00:01Z"}]).passed
    (found,) = validate_table(pd.DataFrame({"t": ["x"]}), checks=[{**FRESH, **at}]).results
    assert found.message == "the column is string, expected a timestamp or date"


CELL = st.none() | st.integers(0, 4)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    here=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=12),
    there=st.lists(st.tuples(CELL, CELL), max_size=12),
    width=st.sampled_from([1, 2]),
)
def test_rows_without_a_partner_equal_brute_force(here, there, width):
    ours = pd.DataFrame(here, columns=["a", "b"]).astype("Int64")
    theirs = pd.DataFrame(there, columns=["x", "b"]).astype("Int64")
    check = {
        "expect": "foreign_key",
        "column_list": ["a", "b"][:width],
        "dataset": "others",
        "references": ["x", "b"][:width],
    }
    known = {row[:width] for row in there}
    orphans = [i + 1 for i, row in enumerate(here) if None not in row[:width] and row[:width] not in known]
    (found,) = validate_table(ours, checks=[check], others={"others": theirs}).results
    assert found.unexpected_count == len(orphans)
    assert list(found.unexpected_rows) == orphans
    assert found.passed == (not orphans)


def test_a_foreign_key_needs_as_many_columns_there():
    check = {"expect": "foreign_key", "column_list": ["a"], "dataset": "d", "references": ["x", "y"]}
    with pytest.raises(SpecError, match="different numbers of columns: 1 here and 2 there"):
        validate_table(SEEN, checks=[check])


def changed(folder, rows, locked, **check):
    pd.DataFrame({"v": range(rows)}).to_parquet(folder / "data")
    lock = (
        None
        if locked is None
        else {"digest": "sha256:0", "writer": "w", "rows": locked, "columns": {"v": "int64"}}
    )
    operation = Validate.model_validate(
        {"dataset": "d", "checks": [{"expect": "row_count_change", **check}], "lock": lock}
    )
    outputs = {"report": folder / "report"}
    validate.run(operation, {"data": folder / "data"}, outputs, Context(project=folder))
    return (folder / "report").read_text()


def test_the_number_of_rows_is_compared_with_the_lock(tmp_path):
    changed(tmp_path, 90, 100, max_decrease=0.1)
    changed(tmp_path, 900, 100, max_decrease=0.1)
    changed(tmp_path, 120, 100, max_increase=0.2)
    with pytest.raises(Refusal, match="89 rows, locked with 100"):
        changed(tmp_path, 89, 100, max_decrease=0.1)
    with pytest.raises(Refusal, match="121 rows, locked with 100"):
        changed(tmp_path, 121, 100, max_increase=0.2)


def test_without_a_lock_it_warns_and_never_passes_in_silence(tmp_path, capsys):
    report = changed(tmp_path, 5, None, max_decrease=0.1)
    assert '"passed":false' in report.replace(" ", "").partition('"results"')[2]
    assert (
        "warning: d: row_count_change (not compared: mlops.lock does not hold it" in capsys.readouterr().out
    )


def test_orphans_can_go_aside(tmp_path):
    pd.DataFrame({"k": [1, 2, None, 3]}).astype("Int64").to_parquet(tmp_path / "data")
    pd.DataFrame({"k": [1, 3]}).to_parquet(tmp_path / "others")
    check = {"expect": "foreign_key", "column_list": ["k"], "dataset": "o", "on_failure": "quarantine"}
    operation = Validate.model_validate({"dataset": "d", "checks": [check]})
    outputs = {port: tmp_path / f"{port}.out" for port in operation.output_ports()}
    inputs = {"data": tmp_path / "data", "other_o": tmp_path / "others"}
    validate.run(operation, inputs, outputs, Context(project=tmp_path))
    assert pd.read_parquet(outputs["data"])["k"].dropna().tolist() == [1, 3]
    assert pd.read_parquet(outputs["rejected"])["k"].tolist() == [2]

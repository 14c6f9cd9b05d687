"""Validation: the report is written, then a refusal names what failed; the lock is compared."""

import json
from pathlib import Path

import pandas as pd
import pytest

from mlopsc.diagnostics.errors import Refusal
from mlopsc.runtime.context import Context
from mlopsc.runtime.operations import validate
from mlopsc.runtime.store import digest_of_file
from mlopsc.vocabulary.checks.table import TableRowCountToBeBetween
from mlopsc.vocabulary.checks.values import (
    ColumnValuesToBeBetween,
    ColumnValuesToBeUnique,
    ColumnValuesToNotBeNull,
)
from mlopsc.vocabulary.columns import Column
from mlopsc.vocabulary.lock import LockedDataset, parquet_writer
from mlopsc.vocabulary.operations import Validate

ROWS = pd.DataFrame({"id": [1, 2, 3, 3], "v": [0.5, None, 7.0, 2.0]})


def validated(tmp_path: Path, **config):
    ROWS.to_parquet(tmp_path / "data", index=False)
    operation = Validate(dataset="d", **config)
    validate.run(
        operation, {"data": tmp_path / "data"}, {"report": tmp_path / "report"}, Context(project=tmp_path)
    )
    return report(tmp_path)


def report(tmp_path: Path):
    return json.loads((tmp_path / "report").read_bytes())


def locked(tmp_path: Path, **changes):
    ROWS.to_parquet(tmp_path / "data", index=False)
    as_it_is = {
        "digest": digest_of_file(tmp_path / "data"),
        "writer": parquet_writer(),
        "rows": 4,
        "columns": {"id": "int64", "v": "float64"},
    }
    return LockedDataset(**(as_it_is | changes))


def test_a_sound_dataset_is_reported_with_its_digest_and_schema(tmp_path):
    found = validated(tmp_path, columns={"v": Column(min=0)})
    assert found["passed"] is True
    assert found["rows"] == 4
    assert found["data_digest"] == digest_of_file(tmp_path / "data")
    assert found["schema"] == {"id": "int64", "v": "float64"}
    assert found["lock"]["status"] == "none"


def test_a_failed_check_is_refused_after_the_report_is_written(tmp_path):
    check = ColumnValuesToBeBetween(column="v", max_value=5)
    with pytest.raises(Refusal, match=r"dataset 'd' fails 2 checks: .*'id'.*; .*'v' .*such as 7.0"):
        validated(tmp_path, primary_key=("id",), checks=(check,))
    assert [result["passed"] for result in report(tmp_path)["results"]].count(False) == 2


def test_a_warning_does_not_refuse(tmp_path, capsys):
    found = validated(tmp_path, checks=(TableRowCountToBeBetween(min_value=100, on_failure="warn"),))
    assert found["passed"] is True
    assert found["warnings"] == ["table_row_count_to_be_between (observed 4; expected ≥ 100)"]
    assert "warning: d: table_row_count_to_be_between (observed 4; expected ≥ 100)" in capsys.readouterr().out


def test_a_failed_check_names_values_once_and_rows(tmp_path):
    found = validated(
        tmp_path,
        checks=(
            ColumnValuesToBeUnique(column="id", on_failure="warn"),
            ColumnValuesToNotBeNull(column="v", on_failure="warn"),
        ),
    )
    assert found["warnings"] == [
        "column_values_to_be_unique of 'id' (2 unexpected, such as 3, rows 3, 4)",
        "column_values_to_not_be_null of 'v' (1 unexpected, row 2)",
    ]


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({}, "same", "as locked"),
        (
            {"digest": f"sha256:{'0' * 64}"},
            "differs",
            "same columns and number of rows as locked, other values",
        ),
        ({"digest": f"sha256:{'0' * 64}", "rows": 9}, "differs", "4 rows, locked with 9"),
        (
            {"digest": f"sha256:{'0' * 64}", "columns": {"id": "int64", "w": "string", "v": "int64"}},
            "differs",
            "'w' is gone; 'v' is float64, locked as int64",
        ),
        ({"digest": f"sha256:{'0' * 64}", "writer": "pyarrow 1.0"}, "unknown", "contents cannot be compared"),
    ],
)
def test_data_are_compared_with_the_lock(tmp_path, change, status, message):
    found = validated(tmp_path, lock=locked(tmp_path, **change))["lock"]
    assert found["status"] == status
    assert message in found["message"]


@pytest.mark.parametrize("lock", [True, False])
def test_locked_refuses_what_differs_or_is_unknown(tmp_path, lock):
    entry = locked(tmp_path, digest=f"sha256:{'0' * 64}") if lock else None
    with pytest.raises(Refusal, match="other values" if lock else "mlops.lock does not hold it"):
        validated(tmp_path, lock=entry, locked=True)
    assert validated(tmp_path, lock=locked(tmp_path), locked=True)["lock"]["status"] == "same"

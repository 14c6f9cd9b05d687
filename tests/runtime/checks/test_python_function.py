"""Checks by a function: what it is given, what its answers come to, and what becomes of bad ones."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopsc import SpecError, validate_table
from mlopsc.diagnostics.errors import Refusal
from mlopsc.runtime.checks import CheckResult
from mlopsc.runtime.context import Context
from mlopsc.runtime.keys import Task, action_of
from mlopsc.runtime.operations import validate
from mlopsc.vocabulary.operations import Validate

ORDERS = pd.DataFrame({"id": [7, 8, 9, 10], "amount": [5.0, -1.0, None, -3.0], "what": list("abca")})


def found(function: Any, table: Any = ORDERS, **words: Any) -> CheckResult:
    (result,) = validate_table(table, primary_key=(), checks=[{"python": function, **words}]).results
    return result


@pytest.mark.parametrize(
    ("answer", "passed", "message"),
    [
        (True, True, None),
        (False, False, None),
        (np.bool_(False), False, None),
        ((True, "fine"), True, None),
        ((False, "too few"), False, "too few"),
    ],
)
def test_a_verdict_with_or_without_a_reason(answer, passed, message):
    result = found(lambda table: answer)
    assert (result.passed, result.message) == (passed, message)


@pytest.mark.parametrize("as_answer", [lambda s: s, lambda s: s.to_numpy(), lambda s: s.astype("boolean")])
def test_a_mask_tells_the_rows_that_are_unexpected(as_answer):
    result = found(lambda table: as_answer(table["amount"] < 0), column_list=["amount"])
    assert not result.passed
    assert result.unexpected_count == 2
    assert result.unexpected_rows == (2, 4)
    assert result.unexpected_sample == (-1.0, -3.0)
    assert result.observed == 0.5
    assert found(lambda table: table["amount"] < 0, mostly=0.5).passed


def test_offenders_are_told_with_their_keys():
    checks = [{"python": lambda table: table["amount"] < 0, "name": "no refunds"}]
    *_, result = validate_table(ORDERS, primary_key=["id"], checks=checks).results
    assert result.unexpected_keys == ({"id": 8}, {"id": 10})
    assert result.name == "no refunds"


def test_a_series_is_aligned_by_its_index():
    def bad(table: pd.DataFrame) -> Any:
        return table.sort_values("amount")["amount"] < 0

    assert found(bad).unexpected_rows == (2, 4)


def test_the_function_is_given_the_rows_and_columns_that_are_asked_for():
    seen = {}

    def look(table: pd.DataFrame, least: int) -> Any:
        seen["columns"], seen["ids"], seen["least"] = list(table), table["id"].tolist(), least
        table["amount"] = 0.0  # its own copy
        return table["id"] >= least

    for table in (ORDERS, pl.from_pandas(ORDERS)):
        result = found(
            look, table, column_list=["what", "id", "amount"], args={"least": 10}, where="what = 'a'"
        )
        assert seen == {"columns": ["what", "id", "amount"], "ids": [7, 10], "least": 10}
        assert result.unexpected_rows == (4,)
        assert result.unexpected_sample == ({"what": "a", "id": 10, "amount": -3.0},)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "returned NoneType"),
        (1, "returned int"),
        ("yes", "returned str"),
        ((True, 1), "returned tuple"),
        (np.array([True]), "returned an array of 1 entries for 4 rows"),
        (np.ones((4, 2), dtype=bool), "returned an array of 4 by 2 entries"),
        (np.array([0, 1, 0, 1]), "returned an array of int64"),
        (pd.Series([True, None, False, True], dtype="boolean"), "1 of them missing"),
        (pd.Series([True] * 4, index=[5, 6, 7, 8]), "whose index is not the table's"),
        (pd.Series([True]), "a series of 1 entries for 4 rows"),
    ],
)
def test_other_answers_fail_and_say_what_was_expected(answer, words):
    result = found(lambda table: answer)
    assert not result.passed
    assert words in result.message
    assert "expected a bool, a bool and a message, or a boolean series or array" in result.message


def test_what_a_function_raises_fails_the_check_with_its_place(capsys):
    def broken(table: pd.DataFrame) -> bool:
        return bool(table["amuont"].any())

    result = found(broken)
    assert not result.passed
    assert result.message.startswith("it raised KeyError: 'amuont' (test_python_function.py:")
    assert "Traceback" in capsys.readouterr().err


def test_columns_that_are_not_there_or_mix_types():
    assert found(lambda table: True, column_list=["amuont"]).message.startswith("no column 'amuont'")
    mixed = ORDERS.assign(what=["a", 1, None, 2.5])
    assert "columns that mix types: what" in found(lambda table: True, mixed).message
    assert found(lambda table: True, mixed, column_list=["id"]).passed


def test_arguments_that_make_no_sense_are_refused():
    with pytest.raises(SpecError, match="names a column twice"):
        found(lambda table: True, column_list=["id", "id"])
    with pytest.raises(SpecError, match="should match pattern"):
        found("no reference")


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.none() | st.integers(-3, 3), min_size=1, max_size=30), st.sampled_from([0.0, 0.5, 0.9, 1.0])
)
def test_counts_equal_a_check_in_sql(values, mostly):
    table = pd.DataFrame({"v": pd.array(values, dtype="Int64")})
    ours = found(lambda t: (t["v"] < 0).fillna(False).astype(bool), table, mostly=mostly)
    bad = [i + 1 for i, value in enumerate(values) if value is not None and value < 0]
    assert ours.unexpected_count == len(bad)
    assert list(ours.unexpected_rows) == bad[:20]
    assert ours.passed == (1 - len(bad) / len(values) >= mostly)


MODULE = """\
from rules import LEAST

def cheap(table, extra=0):
    return table["amount"] < LEAST + extra

def verdict(table):
    return len(table) > 100, f"{len(table)} orders"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "rules.py").write_text("LEAST = 0\n")
    (tmp_path / "order_checks.py").write_text(MODULE)
    ORDERS.to_parquet(tmp_path / "in.parquet", index=False)
    return tmp_path


def run(project: Path, *checks: dict[str, Any]) -> tuple[Validate, dict[str, Any]]:
    operation = Validate.model_validate({"dataset": "d", "primary_key": ["id"], "checks": checks})
    outputs = {port: project / port for port in operation.output_ports()}
    try:
        validate.run(operation, {"data": project / "in.parquet"}, outputs, Context(project=project))
    finally:
        report = json.loads((project / "report").read_text())
    return operation, report


@pytest.fixture(autouse=True)
def forgotten(monkeypatch):
    """Modules and paths of one test's project are not the next one's."""
    import sys

    monkeypatch.setattr(sys, "path", [*sys.path])
    yield
    for name in ("order_checks", "rules"):
        sys.modules.pop(name, None)


def test_rows_that_a_function_tells_go_aside(project):
    check = {"python": "order_checks:cheap", "args": {"extra": 1}, "on_failure": "quarantine"}
    _, report = run(project, check)
    assert report["quarantine"] == {"kept": 2, "rejected": 2}
    assert pd.read_parquet(project / "data")["id"].tolist() == [7, 9]
    rejected = pd.read_parquet(project / "rejected")
    assert rejected["id"].tolist() == [8, 10]
    assert set(rejected["__failed__"]) == {"order_checks:cheap"}


def test_a_verdict_without_rows_blocks_where_rows_were_to_go_aside(project):
    with pytest.raises(Refusal, match=r"order_checks:verdict \(4 orders, observed False\)"):
        run(project, {"python": "order_checks:verdict", "on_failure": "quarantine"})


def test_the_code_behind_the_function_is_part_of_the_key(project):
    operation = Validate.model_validate({"dataset": "d", "checks": [{"python": "order_checks:cheap"}]})
    task = Task("train", "validate_d", operation, {"data": "sha256:0"})
    keys = [action_of(task, Context(project=project)).key]
    (project / "rules.py").write_text("LEAST = 1\n")
    keys.append(action_of(task, Context(project=project)).key)
    (project / "unrelated.py").write_text("LEAST = 1\n")
    keys.append(action_of(task, Context(project=project)).key)
    assert keys[0] != keys[1] == keys[2]

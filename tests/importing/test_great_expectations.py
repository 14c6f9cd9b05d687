"""Suites that Great Expectations wrote become checks; what does not is told with its reason."""

import json
from pathlib import Path

import pytest

from mlopsc.diagnostics.errors import UsageError
from mlopsc.importing.dataset_text import dataset_text
from mlopsc.importing.great_expectations import read_suite
from mlopsc.spec.datasets import Dataset
from mlopsc.spec.yaml_load import parse_document
from mlopsc.vocabulary.checks import CHECK, CHECK_NAMES, model_of
from mlopsc.vocabulary.references import literal
from mlopsc.vocabulary.sources import CsvSource

SUITES = Path(__file__).parent / "suites"
NONE, OWN = "there is no check of this name", "one of your own is written as `unexpected_rows`"


def suite(folder: Path, *expectations: object, **more: object) -> Path:
    path = folder / "suite.json"
    path.write_text(json.dumps({"name": "s", "expectations": list(expectations), **more}))
    return path


def one(folder: Path, name: str, **kwargs: object) -> dict[str, object]:
    found = read_suite(suite(folder, {"type": name, "kwargs": kwargs}))
    return dict(found.checks[0]) if found.checks else {"left": found.left[0].reason}


def test_a_suite_of_1_x_is_carried_over():
    found = read_suite(SUITES / "orders-1.x.json")
    assert found.name == "Orders.warning"
    assert len(found.checks) == 19
    assert [(one.place, one.what) for one in found.left] == [
        ("expectations[10]", "expect_column_values_to_be_between of 'amount'")
    ]
    assert "takes the parameter 'largest_order'" in found.left[0].reason
    assert found.notes == ("expectations[18]: its SQL runs in DuckDB's dialect here",)
    assert found.checks[10] == {
        "expect": "column_values_to_match_regex",
        "column": "email",
        "regex": "^[^@]+@[^@]+$",
        "row_condition": "status == 'paid'",
        "condition_parser": "pandas",
    }
    assert [check.get("on_failure") for check in found.checks if "on_failure" in check] == ["warn", "warn"]
    assert found.checks[4]["description"] == "the key is never missing"


def test_a_suite_of_0_x_is_carried_over_and_the_rest_is_told():
    found = read_suite(SUITES / "orders-0.x.json")
    assert [check["expect"] for check in found.checks] == [
        "table_row_count_to_be_between",
        "column_values_to_not_be_null",
        "column_values_to_be_in_set",
    ]
    assert found.checks[1]["description"] == "The key is never missing."
    assert [(one.place, one.reason.partition(":")[0]) for one in found.left] == [
        ("expectations[2]", "`parse_strings_as_datetimes`"),
        ("expectations[3]", "it takes the parameter 'lowest', whose value comes from elsewhere"),
        (
            "expectations[4]",
            f"{NONE}; did you mean 'column_values_to_be_in_set'?; {OWN}",
        ),
        (
            "expectations[6]",
            f"{NONE}; did you mean 'column_values_to_be_unique'?; {OWN}",
        ),
        ("evaluation_parameters", "parameters of a suite"),
    ]


@pytest.mark.parametrize("name", ["orders-1.x.json", "orders-0.x.json"])
def test_what_is_written_is_read_back_as_the_same_checks(name):
    found = read_suite(SUITES / name)
    document = parse_document(dataset_text(found, "orders", CsvSource(path="orders.csv")))
    assert document.diagnostics == ()
    dataset = Dataset.model_validate(document.value["datasets"]["orders"])
    assert list(dataset.checks) == [CHECK.validate_python(check) for check in found.checks]
    assert dataset.source.path == "orders.csv"


def test_a_dollar_and_brace_stand_for_themselves(tmp_path):
    check = one(tmp_path, "expect_column_values_to_match_regex", column="c", regex="^${a}$")
    assert check["regex"] == "^$${a}$"
    assert literal(check["regex"]) == "^${a}$"


def test_arguments_that_change_no_verdict_are_dropped(tmp_path):
    check = one(
        tmp_path,
        "expect_column_to_exist",
        column="c",
        result_format={"result_format": "SUMMARY"},
        batch_id="b",
    )
    assert check == {"expect": "column_to_exist", "column": "c"}


@pytest.mark.parametrize(
    ("name", "kwargs", "reason"),
    [
        ("expect_column_values_to_be_unique", {"column": "c", "colour": 1}, "`colour` has no counterpart"),
        ("expect_column_values_to_be_unique", {}, "`column`: Field required"),
        ("expect_column_values_to_match_regex", {"column": "c", "regex": "(?=x)"}, "`regex`: "),
        ("expect_column_values_to_be_between", {"column": "c"}, "needs `min_value`, `max_value` or both"),
        (
            "expect_column_values_to_be_in_set",
            {"column": "c", "value_set": [{"$PARAMETER": "p"}]},
            "parameter 'p'",
        ),
        ("my_check", {}, "one of your own is written as `unexpected_rows`"),
    ],
)
def test_what_is_no_check_has_a_reason(tmp_path, name, kwargs, reason):
    assert reason in str(one(tmp_path, name, **kwargs)["left"])


def test_every_name_of_a_core_expectation_is_understood():
    """All that Great Expectations 1.24 offers, but for one that compares with a query of another database."""
    ours = {"UnexpectedRowsExpectation"} | {
        "Expect" + "".join(part[:1].upper() + part[1:] for part in name.split("_")) for name in CHECK_NAMES
    }
    theirs = (SUITES / "core.txt").read_text().split()
    known = {name.lower() for name in ours}
    assert [name for name in theirs if name.lower() not in known] == [
        "ExpectMulticolumnValuesToBeUnique",
        "ExpectQueryResultsToMatchComparison",
    ]
    assert all(model_of(name) for name in CHECK_NAMES)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no JSON"),
        ("[]", "is no suite"),
        ('{"expectations": 3}', "is no suite"),
        ("[" * 100_000, "is no JSON"),
    ],
)
def test_other_files_are_refused(tmp_path, text, message):
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=message):
        read_suite(path)


def test_strange_entries_are_told(tmp_path):
    found = read_suite(suite(tmp_path, 3, {"kwargs": {}}, {"type": "expect_column_to_exist", "kwargs": []}))
    assert [one.reason for one in found.left] == [
        "it is int, expected an object",
        "it has no `type`",
        "its `kwargs` are no object",
    ]

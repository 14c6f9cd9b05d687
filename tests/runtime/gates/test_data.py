import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlopsc.runtime.gates.judging import judge
from mlopsc.runtime.operations import validate
from mlopsc.vocabulary.gates import DataGate
from mlopsc.vocabulary.operations import JudgeData, Validate

RULES = [
    {"expect": "column_values_to_not_be_null", "column": "a"},
    {"expect": "column_values_to_be_between", "column": "a", "max_value": 2, "on_failure": "warn"},
    {"expect": "column_values_to_not_be_null", "column": "b", "on_failure": "warn"},
    {"expect": "column_values_to_be_unique", "column": "a", "on_failure": "warn"},
]


@pytest.fixture
def clean(workbench):
    """Judge two datasets: `loans`, of which one check of four fails and warns, and `rates`, whose one check passes."""
    table = workbench.folder / "table"
    pq.write_table(pa.table({"a": [1, 2, 3], "b": ["x", "y", "z"]}), table)
    reports = {"report_loans": RULES, "report_rates": RULES[:1], "report_bare": []}
    for port, checks in reports.items():
        config = Validate.model_validate({"dataset": port, "checks": checks})
        validate.run(config, {"data": table}, {"report": workbench.folder / port}, workbench.context)

    def judged(*datasets, **more):
        gate = DataGate.model_validate({"type": "data", "training": "t", "datasets": datasets} | more)
        inputs = {f"report_{name}": workbench.folder / f"report_{name}" for name in datasets}
        return judge(JudgeData(name="g", gate=gate), inputs, workbench.folder)

    return judged


def test_data_that_pass_enough_checks_pass(clean):
    found = clean("loans", "rates", min_passed=0.75, max_warnings=1)
    assert (found["verdict"], found["observed"], found["warnings"]) == ("pass", 0.75, 1)
    assert found["reason"] == (
        "3 of 4 checks of 'loans' pass, at least 0.75; 1 of 1 checks of 'rates' pass, at least 0.75; "
        "1 warning, at most 1"
    )
    assert found["failed"]["loans"][0].startswith(
        "column_values_to_be_between of 'a' (1 unexpected, such as 3"
    )


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (
            {"min_passed": 0.8},
            "3 of 4 checks of 'loans' pass: 0.75 is 0.05 below the minimum 0.8 (column_values",
        ),
        (
            {"max_warnings": 0},
            "1 warning, 1 above the maximum 0 (column_values_to_be_between of 'a' (1 unexp",
        ),
    ],
)
def test_others_fail_by_so_much_and_name_the_checks(clean, limits, words):
    found = clean("loans", "rates", **limits)
    assert found["verdict"] == "fail"
    assert found["reason"].startswith(words)
    assert clean("loans", "rates", severity="warn", **limits)["verdict"] == "warn"


def test_a_dataset_of_which_nothing_was_checked_fails(clean):
    found = clean("bare", max_warnings=9)
    assert (found["verdict"], found["observed"]) == ("fail", None)
    assert found["reason"] == "'bare' has no check to be judged by"

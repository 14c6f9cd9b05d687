"""A validation report as a page of its own: what failed, how much, which rows, with their keys."""

import pandas as pd
import pytest

import mlopsc
from mlopsc import validate_table, validation_page
from mlopsc.diagnostics.errors import UsageError
from mlopsc.history import find_run
from mlopsc.reporting import gather, render_dataset
from tests.plans import train_pipeline
from tests.reporting.reading import read
from tests.reporting.runs import record, result, validation

ROWS = pd.DataFrame({"id": [1, 2, 3, 4], "v": [0.5, 9.0, 7.0, None], "c": ["a", "<b>", "x", "a"]})


def checked():
    return validate_table(
        ROWS,
        primary_key=["id"],
        columns={"v": {"nullable": False}},
        checks=[
            {"expect": "column_values_to_be_in_set", "column": "c", "value_set": ["a"], "on_failure": "warn"},
            {"expect": "column_max_to_be_between", "column": "v", "max_value": 10},
        ],
    )


def test_a_table_checked_alone_has_a_page():
    text = read(validation_page(checked(), "Orders")).text
    assert "Orders ✕ failed" in " ".join(text.split())
    words = " ".join(text.split())
    assert "3 of 5 checks passed on 4 rows" in words
    assert "1 (25 %)" in words
    assert "2 (50 %)" in words
    assert "row 2 id 2 <b>" in words


def test_values_become_no_markup():
    page = validation_page(checked())
    assert "<b>" not in page
    assert "&lt;b&gt;" in page
    assert "script" not in page.replace("runs no script", "")
    assert "default-src 'none'" in page


def test_it_is_public():
    assert "validation_page" in mlopsc.__all__


def test_a_dataset_of_a_run_has_a_page_with_places_in_the_spec(tmp_path):
    failed = result(passed=False, unexpected_count=2, declared=["checks", 1], told="…")
    pipeline = train_pipeline()
    step = pipeline.step("validate_flights")
    place = step.source.model_copy(update={"line": 77, "column": 9})
    steps = [
        one.model_copy(update={"places": {"checks/1": place}}) if one is step else one
        for one in pipeline.steps
    ]
    changed = pipeline.model_copy(update={"steps": tuple(steps)})
    record(
        tmp_path,
        changed,
        {"validate_flights.report": validation(failed, quarantine={"kept": 998, "rejected": 2})},
    )
    facts = gather(find_run(tmp_path), tmp_path)
    text = read(render_dataset(facts, "flights")).sections["data"]
    assert "declared at mlops.yaml:77:9" in text
    assert "Put aside 2 Go on 998" in text
    with pytest.raises(UsageError, match="checked no dataset 'weather'"):
        render_dataset(facts, "weather")

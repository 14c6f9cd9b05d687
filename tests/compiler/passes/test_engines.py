"""What Spark cannot compute is refused before anything runs, where it is written (MLC509)."""

from pathlib import Path

import pytest

from tests.specs import FLIGHTS, compiled, merged, told

SPARK = "infrastructure: {engine: {type: spark, master: 'local[2]'}, online_store: online.db}\n"


def refused(folder: Path, text: str) -> list[str]:
    """Return what is said with MLC509."""
    return [one for one in told(folder, text) if one.startswith("MLC509")]


def view(sql: str) -> str:
    return f"features:\n  made:\n    sql: >-\n      {sql}\n"


@pytest.mark.parametrize(
    ("sql", "at", "message"),
    [
        ("SELECT origin, string_agg(carrier, ',') AS c FROM flights GROUP BY origin", "string_agg", "no order"),
        ("SELECT origin, list(hour ORDER BY hour) AS c FROM flights GROUP BY origin", "list", "no order"),
        ("SELECT origin, mode(hour) AS c FROM flights GROUP BY origin", "mode", "there are arg_max"),
        ("SELECT sum(DISTINCT hour) AS c FROM flights", "sum", "of distinct values"),
        ("SELECT *, row_number() OVER (PARTITION BY origin) AS n FROM flights", "row_number", "without ORDER BY"),
        ("SELECT unnest([hour]) AS h FROM flights", "unnest", "makes rows"),
        ("SELECT flights.hour FROM flights POSITIONAL JOIN weather", "", "positional join"),
        ("SELECT * FROM flights LIMIT 5", "", "LIMIT without ORDER BY"),
        ("SELECT COLUMNS('h.*') FROM flights", "", "list the columns by name"),
        ("SELECT origin FROM flights UNION BY NAME SELECT origin FROM weather", "", "BY NAME"),
    ],
)  # fmt: skip
def test_a_view_beyond_spark_is_refused_at_its_place(tmp_path: Path, sql: str, at: str, message: str) -> None:
    text = merged(FLIGHTS, SPARK + view(sql))
    (fault,) = refused(tmp_path, text)
    assert fault.startswith(f"MLC509 «{at}")
    assert "the Spark engine cannot compute " in fault
    assert message in fault
    assert refused(tmp_path, merged(FLIGHTS, view(sql))) == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT origin, arg_max(carrier, time_hour) AS c, median(hour) AS m FROM flights GROUP BY origin",
        "SELECT *, row_number() OVER (PARTITION BY origin ORDER BY flight) AS n FROM flights",
        "SELECT * FROM flights ORDER BY flight LIMIT 5",
        "SELECT regexp_extract(carrier, '^.') AS first FROM flights WHERE hour IN (SELECT max(hour) FROM flights)",
    ],
)
def test_what_spark_computes_passes(tmp_path: Path, sql: str) -> None:
    assert refused(tmp_path, merged(FLIGHTS, SPARK + view(sql))) == []


def test_a_query_of_a_check_is_refused_too(tmp_path: Path) -> None:
    query = "select list(hour) as h from {batch} group by origin"
    check = f"{{expect: unexpected_rows, unexpected_rows_query: '{query}'}}"
    text = merged(FLIGHTS, f"datasets: {{weather: {{checks: [{check.replace('hour', 'visib')}]}}}}")
    assert refused(tmp_path, text) == []
    (fault,) = refused(tmp_path, merged(text, SPARK))
    assert "list()" in fault


def test_every_step_that_computes_says_the_engine(tmp_path: Path) -> None:
    plan = compiled(
        tmp_path, merged(FLIGHTS, SPARK + view("SELECT origin, max(hour) AS h FROM flights GROUP BY origin"))
    ).plan
    assert plan is not None
    named = {step.operation for one in plan.pipelines for step in one.steps if "engine" in step.configuration}
    assert {"validate", "features", "materialize"} <= named
    silent = compiled(tmp_path, FLIGHTS).plan
    assert silent is not None
    assert not any("engine" in step.configuration for one in silent.pipelines for step in one.steps)

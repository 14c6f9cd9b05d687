"""Steps that are not compared by examples: materialization, quarantine, checks that look beyond the table."""

from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlopsc.diagnostics.errors import Refusal, SpecError
from mlopsc.runtime.context import Context
from mlopsc.runtime.drift.profile import small_profiles
from mlopsc.runtime.operations import drift, profile, validate
from mlopsc.vocabulary.checks import CHECK_NAMES
from mlopsc.vocabulary.engine import SparkEngine
from mlopsc.vocabulary.operations import Drift, Profile, Validate
from tests.runtime.engine.spark.agreement import differences, write_table
from tests.runtime.engine.spark.row_checks import any_row, large
from tests.runtime.engine.spark.test_checks import CHECKS, results
from tests.runtime.engine.spark.test_examples import content
from tests.runtime.operations import test_materialize as online

pytestmark = pytest.mark.spark

BESIDE: dict[str, list[dict[str, Any]]] = {
    "table_row_count_to_equal_other_table": [{"other_table_name": "other"}],
    "foreign_key": [
        {"column_list": ["k"], "dataset": "other"},
        {"column_list": ["k", "s"], "dataset": "other", "references": ["i", "s"], "where": "r > 20"},
        {"column_list": ["u8"], "dataset": "other", "references": ["k"], "mostly": 0.01},
    ],
    "freshness": [
        {"column": "ts", "max_age": "1h", "at": "2020-01-02T04:00:00Z"},
        {"column": "dt", "max_age": "300d", "at": "2020-03-01T00:00:00Z"},
        {"column": "ts", "max_age": "1h", "at": "2019-03-01T00:00:00Z"},
    ],
    "row_count_change": [{"max_decrease": 0.1}, {"max_increase": 0.1}],
    "distribution_unchanged": [{"column": "k"}, {"column_list": ["r", "s", "ts"]}],
    "python_function": [
        {"python": large, "args": {"least": 3}, "column_list": ["k"]},
        {"python": large, "args": {"least": 3}, "where": "r > 20", "mostly": 0.01},
        {"python": any_row},
    ],
}


@pytest.mark.parametrize("kind", BESIDE)
@pytest.mark.parametrize("rows", [240, 0])
def test_checks_that_look_beyond_the_table_find_the_same(
    spark: SparkEngine, tmp_path: Path, kind: str, rows: int
) -> None:
    write_table(tmp_path / "data", seed=5, rows=rows)
    write_table(tmp_path / "other", seed=6, rows=30)
    checks = [{"expect": kind, **check} for check in BESIDE[kind]]
    if kind in ("row_count_change", "distribution_unchanged"):
        assert differences(*(reported(tmp_path, engine, checks) for engine in (None, spark))) == []
        return
    others = {"other": tmp_path / "other"}
    found = [results(tmp_path / "data", checks, engine, others=others) for engine in (None, spark)]
    assert differences(*found) == []
    if rows:
        assert {dict(result)["passed"] for result in found[0][1:]} <= {True, False}


def test_every_kind_is_compared() -> None:
    assert set(CHECK_NAMES) - set(CHECKS) == set(BESIDE)


def reported(
    folder: Path, engine: SparkEngine | None, checks: list[dict[str, Any]], **more: Any
) -> list[Any]:
    """Return the report, the parts if there are any, and why the table is refused."""
    compared = any(check["expect"] == "distribution_unchanged" for check in checks)
    profiles = small_profiles(folder / "data", ["k", "r", "s", "ts"]) if compared else {}
    lock = {"digest": "sha256:0", "writer": "w", "rows": 200, "columns": {}, "profiles": profiles}
    config = Validate.model_validate(
        {"dataset": "d", "checks": checks, "engine": engine, "lock": lock, **more}
    )
    outputs = {port: folder / f"{port}.out" for port in config.output_ports()}
    refusal = ""
    try:
        validate.run(config, {"data": folder / "data"}, outputs, Context(project=folder, threads=2))
    except Refusal as error:
        refusal = str(error)
    return [refusal, *(content(path) for path in outputs.values())]


def test_the_same_rows_go_aside(spark: SparkEngine, tmp_path: Path) -> None:
    """With the same words, and both tables byte for byte: their order is the file's."""
    write_table(tmp_path / "data", seed=7)
    checks = [
        {"expect": "column_values_to_be_between", "column": "i", "min_value": -3, "name": "it's small"},
        {"expect": "column_values_to_match_regex", "column": "s", "regex": "^[a-z ]*$"},
        {"expect": "column_values_to_not_be_null", "column": "l", "where": "r % 2 = 0"},
    ]
    columns = {"b": {"nullable": False}, "r": {"unique": True}}
    parts = []
    for engine in (None, spark):
        more = {"columns": columns, "primary_key": ["k", "s"], "on_failure": "quarantine"}
        report = reported(tmp_path, engine, checks, **more)
        parts.append((report, [(tmp_path / f"{port}.out").read_bytes() for port in ("data", "rejected")]))
    assert differences(parts[0][0], parts[1][0]) == []
    assert parts[0][1] == parts[1][1]
    assert len(pd.read_parquet(tmp_path / "rejected.out")) > 20


def test_nothing_goes_aside_from_a_good_table(spark: SparkEngine, tmp_path: Path) -> None:
    write_table(tmp_path / "data", seed=8)
    good = [
        {"expect": "column_values_to_be_between", "column": "r", "min_value": 0, "on_failure": "quarantine"}
    ]
    assert differences(*(reported(tmp_path, engine, good) for engine in (None, spark))) == []


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"ttl": timedelta(hours=2), "known_at": "told", "available_after": timedelta(hours=1)},
        {"created": None, "tie_break": ("visib",)},
        {"entity": {"seen": "seen"}, "columns": ("seen", "visib"), "created": None},
        {**{key: getattr(online.WINDOWS, key) for key in ("columns", "created", "aggregates", "ratios")}},
    ],
    ids=["plain", "rules", "ties", "by time", "windows"],
)
def test_the_same_values_are_served(spark: SparkEngine, tmp_path: Path, changes: dict[str, Any]) -> None:
    some = Random(len(changes))

    def hour() -> int:
        return some.randint(0, 6)

    rows = [
        online.row(
            airport=some.choice(["JFK", "EWR", None]),
            runway=some.choice([0.0, -0.0, 1.0, None, float("nan")]),
            seen=hour(),
            told=some.choice([None, hour()]),
            visib=number if some.random() < 0.8 else None,
            price=some.choice([None, 1, -2]),
            also=some.choice([None, [online.at(hour()), None]]),
        )
        for number in range(60)
    ]
    join = online.JOIN.model_copy(update=changes)
    until, found = online.at(4), []
    asked = online.ENTITIES if "seen" not in join.entity else [{"seen": online.at(n)} for n in range(8)]
    for name, engine in (("duckdb", None), ("spark", spark)):
        folder = tmp_path / name
        folder.mkdir()
        _, _, report = online.materialized(folder, rows, until, view=join, engine=engine)
        values, types, as_of = online.online(folder, asked, until)
        found.append([list(report.items()), values, list(types.items()), list(as_of.items())])
    assert differences(found[0], found[1]) == []
    assert found[0][0] == found[1][0]
    assert any(value is not None for value in found[0][1][0].values()) or len(found[0][1]) > 1


PROFILED = ("big", "u64", "f", "f32", "d", "s", "b", "ts", "tm", "bin", "gone")


@pytest.mark.parametrize("rows", [9000, 0])
def test_profiles_and_drift_reports_are_the_same_bytes(spark: SparkEngine, tmp_path: Path, rows: int) -> None:
    """Over more values than a profile keeps, and over none."""
    for name, seed, size in (("train", 9, rows), ("table", 10, max(rows // 2, 30))):
        write_table(tmp_path / name, seed=seed, rows=size)
        table = pq.read_table(tmp_path / name)
        pq.write_table(table.append_column("gone", pa.nulls(len(table))), tmp_path / name)
    context, made = Context(project=tmp_path, threads=2), []
    for engine in (None, spark):
        out = {port: tmp_path / port for port in ("profile", "report", "decision")}
        first = Profile(training="t", features=PROFILED, engine=engine)
        profile.run(first, {"train": tmp_path / "train"}, out, context)
        config = Drift(monitor="m", features=PROFILED, engine=engine)
        drift.run(config, {"table": tmp_path / "table", "profile": out["profile"]}, out, context)
        made.append({port: path.read_bytes() for port, path in out.items()})
    assert made[0] == made[1]


def test_what_cannot_be_compared_is_refused_alike(spark: SparkEngine, tmp_path: Path) -> None:
    write_table(tmp_path / "train", seed=9, rows=5)
    told = []
    for engine in (None, spark):
        for name in ("l", "nowhere"):
            config = Profile(training="t", features=("i", name), engine=engine)
            with pytest.raises(SpecError) as caught:
                profile.run(
                    config, {"train": tmp_path / "train"}, {"profile": tmp_path / "p"}, Context(tmp_path)
                )
            told.append(f"{caught.value} {caught.value.help}")
    assert told[:2] == told[2:]
    assert "'l' has the type list" in told[0]

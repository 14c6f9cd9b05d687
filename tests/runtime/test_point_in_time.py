"""The join equals its definition, row by row."""

import math
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopsc.diagnostics.errors import SpecError
from mlopsc.runtime import sorted_join
from mlopsc.runtime.machine import Capacity
from mlopsc.runtime.point_in_time import point_in_time_join
from tests.runtime.definitions import Rules, joined

START = datetime(2024, 1, 1, tzinfo=UTC)


_STEPS = {"hour": timedelta(hours=1), "microsecond": timedelta(microseconds=1)}


def _at(steps: float | None, step: timedelta = _STEPS["hour"]) -> datetime | None:
    return None if steps is None else START + steps * step


_keys = {
    "k": st.sampled_from(["a", "b", None]),
    "x": st.sampled_from([0.0, math.nan, None]),
    "n": st.sampled_from([1, 2, None]),
    "far": st.sampled_from([-(2**63), 0, 2**63 - 1]),
}
_RENAMED = {"k": "key", "x": "y", "n": "m", "far": "wide"}
_hours = st.one_of(st.none(), st.integers(0, 6))
_ENTITY = {"k": pl.String, "x": pl.Float64, "n": pl.Int32, "far": pl.Int64, "t": pl.Datetime("us", "UTC")}
_FEATURE = {**_ENTITY, "made": pl.Datetime("us", "UTC"), "rank": pl.Int64, "v": pl.Int64}


def _frame(rows: list[Any], schema: dict[str, Any], zone: str, step: timedelta) -> pl.DataFrame:
    times = [name for name in ("t", "made") if name in schema]
    timed = [{**row, **{name: _at(row[name], step) for name in times}} for row in rows]
    return pl.DataFrame(timed, schema=schema).with_columns(pl.col(*times).dt.convert_time_zone(zone))


@settings(max_examples=200, deadline=None)
@given(
    entities=st.lists(st.fixed_dictionaries({**_keys, "t": _hours}), max_size=8),
    features=st.lists(
        st.fixed_dictionaries(
            {
                **_keys,
                "t": _hours,
                "made": _hours,
                "rank": st.one_of(st.none(), st.integers(0, 2)),
                "v": st.one_of(st.none(), st.integers(0, 99)),
            }
        ),
        max_size=12,
    ),
    rules=st.builds(
        Rules,
        keys=st.sampled_from([("k",), ("k", "x"), ("n",), ("n", "k"), ("far",)]),
        ttl=st.one_of(st.none(), st.integers(0, 4)),
        created=st.sampled_from([None, "made"]),
        tie_break=st.sampled_from([(), ("rank",)]),
        known_at=st.sampled_from([None, "made"]),
        available_after=st.integers(0, 2),
    ),
    form=st.sampled_from(["pandas", "polars", "arrow"]),
    zone=st.sampled_from(["UTC", "Asia/Kathmandu"]),
    step=st.sampled_from(list(_STEPS.values())),
    memory=st.sampled_from([0, 2**30]),
)
def test_it_equals_its_definition(
    entities: list[Any],
    features: list[Any],
    rules: Rules,
    form: str,
    zone: str,
    step: timedelta,
    memory: int,
) -> None:
    convert: Any = {
        "pandas": lambda t: t.to_pandas(),
        "polars": lambda t: t,
        "arrow": lambda t: t.to_arrow(),
    }[form]
    with patch.object(sorted_join, "capacity", lambda: Capacity(1, memory)):
        found = point_in_time_join(
            convert(_frame(entities, _ENTITY, "UTC", step)),
            convert(_frame(features, _FEATURE, zone, step).rename({**_RENAMED, "t": "ft"})),
            entity={name: _RENAMED[name] for name in rules.keys},
            event_time="t",
            feature_time="ft",
            ttl=None if rules.ttl is None else rules.ttl * step,
            created=rules.created,
            tie_break=rules.tie_break,
            known_at=rules.known_at,
            available_after=rules.available_after * step,
            columns=["v"],
        )
    assert list(found.columns) == [*_ENTITY, "v"]
    expected = [row and row["v"] for row in (joined(label, features, rules) for label in entities)]
    assert [None if pd.isna(value) else value for value in found["v"]] == expected


@pytest.mark.parametrize("ttl", [None, 2])
@pytest.mark.parametrize("created", [None, "made"])
@pytest.mark.parametrize("known_at", [None, "seen"])
@pytest.mark.parametrize("keys", [("n",), ("n", "k"), ("far",)])
@pytest.mark.parametrize("memory", [0, 2**30])
def test_many_rows_of_few_keys(
    ttl: int | None, created: str | None, known_at: str | None, keys: tuple[str, ...], memory: int
) -> None:
    draw = random.Random(str((ttl, created, known_at, keys)))
    values = {"k": "ab", "n": (1, 2), "far": (-(2**63), 2**63 - 1), "t": range(40), "made": range(3)}
    tables: list[list[dict[str, Any]]] = [
        [
            {name: draw.choice(some) if draw.random() < 0.95 else None for name, some in values.items()}
            for _ in range(count)
        ]
        for count in (120, 240)
    ]
    for row in tables[1]:
        row["seen"] = None if row["t"] is None else row["t"] + draw.choice([0, 0, 1, 12])
    frames = [
        pl.DataFrame(rows).with_columns(
            (START + pl.duration(microseconds=pl.col(name))).alias(name)
            for name in ("t", "made", "seen")
            if name in rows[0]
        )
        for rows in tables
    ]
    frames[1] = frames[1].with_row_index("v")
    delay = 1
    with patch.object(sorted_join, "capacity", lambda: Capacity(1, memory)):
        found = point_in_time_join(
            *frames,
            entity=keys,
            event_time="t",
            feature_time="t",
            ttl=None if ttl is None else timedelta(microseconds=ttl),
            created=created,
            known_at=known_at,
            available_after=timedelta(microseconds=delay),
            columns=["v"],
        )
    rules = Rules(keys, ttl, created, known_at=known_at, available_after=delay)
    placed = [{**row, "v": place} for place, row in enumerate(tables[1])]
    expected = [row and row["v"] for row in (joined(label, placed, rules) for label in tables[0])]
    assert [None if pd.isna(value) else value for value in found["v"]] == expected
    assert sum(value is not None for value in expected) > 20


def test_a_frame_keeps_its_index_and_types() -> None:
    entities = pd.DataFrame(
        {"k": ["b", "a", "b"], "t": pd.to_datetime(["2024-01-03", "2024-01-02", "2024-01-01"])},
        index=[7, 7, 3],
    )
    features = pd.DataFrame(
        {
            "k": ["a", "b"],
            "ft": pd.to_datetime(["2024-01-01 12:00", "2024-01-02 02:00+03:00"], utc=True, format="ISO8601"),
            "size": pd.Categorical(["s", "m"]),
            "big": [2**60 + 1, 2**60 + 3],
        }
    )
    joined = point_in_time_join(entities, features, entity="k", event_time="t", feature_time="ft")
    assert list(joined.index) == [7, 7, 3]
    assert list(joined["size"].astype(object))[:2] == ["m", "s"]
    assert joined["size"].dtype == "category"
    assert list(joined["big"])[:2] == [2**60 + 3, 2**60 + 1]
    assert joined["big"].isna().tolist() == [False, False, True]


def test_paths_and_frames_mix(tmp_path: Path) -> None:
    entities = pd.DataFrame({"k": [1, 2], "t": pd.to_datetime(["2024-01-03", "2024-01-02"])})
    features = pd.DataFrame({"k": [1, 2], "ft": pd.to_datetime(["2024-01-01"] * 2), "v": [10, 20]})
    entities.to_parquet(tmp_path / "e")
    features.to_csv(tmp_path / "f.csv", index=False)
    joined = [
        point_in_time_join(left, right, entity=["k"], event_time="t", feature_time="ft")
        for left in (entities, tmp_path / "e", str(tmp_path / "e"), pl.from_pandas(entities))
        for right in (features, tmp_path / "f.csv")
    ]
    assert all(frame["v"].tolist() == [10, 20] and frame["k"].tolist() == [1, 2] for frame in joined)


def test_rows_of_files_are_found_at_their_places(tmp_path: Path) -> None:
    labels, rows = 150_000, 300_000  # several row groups
    entities = pl.DataFrame({"id": range(labels)}).with_columns(
        k=pl.col("id").hash(1) % 5000, t=START + pl.duration(seconds=pl.col("id").hash(2) % 9999)
    )
    features = pl.DataFrame({"v": range(rows)}).with_columns(
        k=pl.col("v").hash(3) % 5500, t=START + pl.duration(seconds=pl.col("v").hash(4) % 9999)
    )
    entities = entities.with_columns(pl.col("k").cast(pl.Int64))
    features = features.with_columns(pl.when(pl.col("v") % 7 > 0).then(pl.col("k").cast(pl.Int64)).alias("k"))
    entities.write_parquet(tmp_path / "e", row_group_size=10_000)
    features.rename({"t": "ft"}).write_parquet(tmp_path / "f", row_group_size=10_000)
    rules: dict[str, Any] = {
        "entity": "k",
        "event_time": "t",
        "feature_time": "ft",
        "ttl": timedelta(seconds=60),
    }
    found = point_in_time_join(tmp_path / "e", tmp_path / "f", **rules)
    by = {"by": "k", "check_sortedness": False}
    expected = (
        entities.sort("t")
        .join_asof(features.drop_nulls("k").sort("t", "v"), on="t", tolerance="60s", **by)
        .sort("id")
    )
    assert found["id"].tolist() == list(range(labels))
    assert pl.Series(found["v"], nan_to_null=True).cast(pl.Int64).to_list() == expected["v"].to_list()
    with patch.object(sorted_join, "capacity", lambda: Capacity(1, 0)):
        pd.testing.assert_frame_equal(point_in_time_join(tmp_path / "e", tmp_path / "f", **rules), found)


def test_nan_keys_match_nothing() -> None:
    entities = pl.DataFrame({"k": [float("nan"), 1.0], "t": [START] * 2})
    features = pl.DataFrame({"k": [float("nan"), 1.0], "ft": [START] * 2, "v": [1, 2]})
    joined = point_in_time_join(entities, features, entity="k", event_time="t", feature_time="ft")
    assert joined["v"].isna().tolist() == [True, False]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"event_time": "tt"}, "entities have no column 'tt'"),
        ({"columns": ["vv"]}, "features have no column 'vv'"),
        ({"columns": ["k"]}, "both have a column 'k'"),
        ({"feature_time": "v"}, "column 'v' is int64, expected a timestamp"),
        ({"entity": {"k": "name"}}, "key 'k' of the entities is int64, 'name' of the features is string"),
        ({"ttl": timedelta(-1)}, "`ttl` is negative"),
        ({"available_after": timedelta(-1)}, "`available_after` is negative"),
        ({"available_after": 5}, "`available_after` is 5, expected a datetime.timedelta"),
        ({"tie_break": "v"}, "`tie_break` is 'v', expected a list"),
        ({"tie_break": ["w"]}, "features have no column 'w'"),
        ({"ttl": "3d"}, "`ttl` is '3d', expected a datetime.timedelta"),
        ({"entity": []}, "names no key"),
        ({"entity": 5}, "`entity` is 5, expected"),
        ({"event_time": None}, "entities have no column None"),
    ],
)
@pytest.mark.parametrize("form", ["pandas", "polars"])
def test_mistakes_are_named(change: dict[str, Any], message: str, form: str) -> None:
    entities: Any = pl.DataFrame({"k": [1], "t": [START]})
    features: Any = pl.DataFrame({"k": [1], "ft": [START], "v": [1], "name": ["x"]})
    if form == "pandas":
        entities, features = entities.to_pandas(), features.to_pandas()
    call: dict[str, Any] = {"entity": "k", "event_time": "t", "feature_time": "ft"}
    with pytest.raises(SpecError, match=message):
        point_in_time_join(entities, features, **(call | change))

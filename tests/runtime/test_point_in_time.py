"""The join equals its definition, row by row."""

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopsc.diagnostics.errors import SpecError
from mlopsc.runtime.point_in_time import point_in_time_join
from tests.runtime.definitions import Rules, joined

START = datetime(2024, 1, 1, tzinfo=UTC)


def _at(hours: float | None) -> datetime | None:
    return None if hours is None else START + timedelta(hours=hours)


_keys = {"k": st.sampled_from(["a", "b", None]), "x": st.sampled_from([0.0, math.nan, None])}
_hours = st.one_of(st.none(), st.integers(0, 6))
_ENTITY = {"k": pl.String, "x": pl.Float64, "t": pl.Datetime("us", "UTC")}
_FEATURE = {**_ENTITY, "made": pl.Datetime("us", "UTC"), "rank": pl.Int64, "v": pl.Int64}


def _frame(rows: list[Any], schema: dict[str, Any], zone: str) -> pl.DataFrame:
    times = [name for name in ("t", "made") if name in schema]
    timed = [{**row, **{name: _at(row[name]) for name in times}} for row in rows]
    return pl.DataFrame(timed, schema=schema).with_columns(pl.col(*times).dt.convert_time_zone(zone))


@settings(max_examples=150, deadline=None)
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
        keys=st.sampled_from([("k",), ("k", "x")]),
        ttl=st.one_of(st.none(), st.integers(0, 4)),
        created=st.sampled_from([None, "made"]),
        tie_break=st.sampled_from([(), ("rank",)]),
        known_at=st.sampled_from([None, "made"]),
        available_after=st.integers(0, 2),
    ),
    form=st.sampled_from(["pandas", "polars", "arrow"]),
    zone=st.sampled_from(["UTC", "Asia/Kathmandu"]),
)
def test_it_equals_its_definition(
    entities: list[Any], features: list[Any], rules: Rules, form: str, zone: str
) -> None:
    convert: Any = {
        "pandas": lambda t: t.to_pandas(),
        "polars": lambda t: t,
        "arrow": lambda t: t.to_arrow(),
    }[form]
    found = point_in_time_join(
        convert(_frame(entities, _ENTITY, "UTC")),
        convert(_frame(features, _FEATURE, zone).rename({"k": "key", "x": "y", "t": "ft"})),
        entity={name: {"k": "key", "x": "y"}[name] for name in rules.keys},
        event_time="t",
        feature_time="ft",
        ttl=None if rules.ttl is None else timedelta(hours=rules.ttl),
        created=rules.created,
        tie_break=rules.tie_break,
        known_at=rules.known_at,
        available_after=timedelta(hours=rules.available_after),
        columns=["v"],
    )
    assert list(found.columns) == ["k", "x", "t", "v"]
    expected = [row and row["v"] for row in (joined(label, features, rules) for label in entities)]
    assert [None if pd.isna(value) else value for value in found["v"]] == expected


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

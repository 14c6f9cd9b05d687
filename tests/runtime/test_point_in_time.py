"""The join equals its definition, row by row."""

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

START = datetime(2024, 1, 1, tzinfo=UTC)


def _at(hours: float | None) -> datetime | None:
    return None if hours is None else START + timedelta(hours=hours)


def _brute(
    entities: list[Any], features: list[Any], ttl: int | None, created: bool, known: bool
) -> list[Any]:
    out = []
    for key, time in entities:
        best = None
        for row, (other, when, made, value) in enumerate(features):
            if None in (key, other, time, when) or key != other or when > time:
                continue
            if ttl is not None and time - when > ttl:
                continue
            if known and (made is None or made > time):
                continue
            rank = (when, (-1 if made is None else made) if created else 0, row)
            if best is None or rank > best[0]:
                best = (rank, value)
        out.append(None if best is None else best[1])
    return out


_keys = st.sampled_from(["a", "b", None])
_hours = st.one_of(st.none(), st.integers(0, 6))


@settings(max_examples=60, deadline=None)
@given(
    entities=st.lists(st.tuples(_keys, _hours), max_size=8),
    features=st.lists(
        st.tuples(_keys, _hours, _hours, st.one_of(st.none(), st.integers(0, 99))), max_size=12
    ),
    ttl=st.one_of(st.none(), st.integers(0, 4)),
    created=st.booleans(),
    known=st.booleans(),
    form=st.sampled_from(["pandas", "polars", "arrow"]),
)
def test_it_equals_brute_force(
    entities: list[Any], features: list[Any], ttl: int | None, created: bool, known: bool, form: str
) -> None:
    left = pl.DataFrame(
        {"k": [k for k, _ in entities], "t": [_at(t) for _, t in entities]},
        schema={"k": pl.String, "t": pl.Datetime("us", "UTC")},
    )
    right = pl.DataFrame(
        {
            "key": [row[0] for row in features],
            "ft": [_at(row[1]) for row in features],
            "made": [_at(row[2]) for row in features],
            "v": [row[3] for row in features],
        },
        schema={
            "key": pl.String,
            "ft": pl.Datetime("us", "UTC"),
            "made": pl.Datetime("us", "UTC"),
            "v": pl.Int64,
        },
    )
    convert: Any = {
        "pandas": lambda t: t.to_pandas(),
        "polars": lambda t: t,
        "arrow": lambda t: t.to_arrow(),
    }[form]
    joined = point_in_time_join(
        convert(left),
        convert(right),
        entity={"k": "key"},
        event_time="t",
        feature_time="ft",
        ttl=None if ttl is None else timedelta(hours=ttl),
        created="made" if created else None,
        known_at="made" if known else None,
        columns=["v"],
    )
    assert list(joined.columns) == ["k", "t", "v"]
    found = [None if pd.isna(value) else value for value in joined["v"]]
    assert found == _brute(entities, features, ttl, created, known)


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

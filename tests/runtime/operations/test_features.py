"""The feature table: which rows, which columns, in which order."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.context import Context
from mlopsc.runtime.operations import features
from mlopsc.runtime.store import digest_of_file
from mlopsc.vocabulary.operations import Features
from mlopsc.vocabulary.views import Join


def at(hour, minute=0):
    return datetime(2026, 1, 1, hour, minute, tzinfo=UTC)


FLIGHTS = pd.DataFrame(
    {
        "id": [3, 1, 2, 4, 5],
        "origin": ["JFK", "EWR", None, "JFK", "LGA"],
        "time": [at(12), at(9), at(10), at(15), None],
        "delay": [20.0, None, 5.0, 40.0, 1.0],
        "distance": [100, 200, 300, 400, 500],
    }
)
WEATHER = pd.DataFrame(
    {
        "airport": ["JFK", "JFK", "EWR", "JFK"],
        "seen": [at(11), at(11, 30), at(1), at(13)],
        "visib": [10.0, None, 3.0, 1.0],
        "distance": [0, 0, 0, 0],
    }
)
JOIN = Join(
    view="weather",
    entity={"origin": "airport"},
    feature_time="seen",
    ttl=timedelta(hours=3),
    columns=("visib",),
)


def made(tmp_path: Path, flights=FLIGHTS, weather=WEATHER, threads=2, **config):
    inputs = {"entities": tmp_path / "entities", "weather": tmp_path / "weather"}
    flights.to_parquet(inputs["entities"], index=False)
    weather.to_parquet(inputs["weather"], index=False)
    given = {
        "training": "late",
        "primary_key": ("id",),
        "event_time": "time",
        "features": ("distance",),
    } | config
    operation = Features(**given)
    used = {port: inputs[port] for port in operation.input_ports()}
    features.run(operation, used, {"table": tmp_path / "out"}, Context(project=tmp_path, threads=threads))
    return pd.read_parquet(tmp_path / "out")


def test_columns_come_in_the_declared_order_and_rows_in_that_of_the_entities(tmp_path):
    table = made(tmp_path, features=("distance", "visib"), joins=(JOIN,), label="delay > 15", group="origin")
    assert list(table) == ["__row__", "__time__", "__group__", "distance", "visib", "__label__"]
    assert table["distance"].tolist() == [100, 300, 400]
    assert str(table["__time__"].dtype) == "datetime64[us, UTC]"
    assert str(table["__row__"].dtype) == "uint64"


def test_auxiliary_columns_are_the_entities_own_and_stand_before_the_features(tmp_path):
    table = made(
        tmp_path, features=("visib",), joins=(JOIN,), label="delay", auxiliary=("origin", "distance")
    )
    assert list(table) == ["__row__", "__time__", "__aux__origin", "__aux__distance", "visib", "__label__"]
    assert table["__aux__distance"].tolist() == [100, 300, 400]
    assert table["__aux__origin"].isna().tolist() == [False, True, False]


def test_rows_with_a_null_label_or_no_time_are_left_out(tmp_path):
    assert made(tmp_path, label="delay > 15")["__label__"].tolist() == [True, False, True]
    assert len(made(tmp_path)) == 4


def test_the_newest_row_joins_whole_and_a_null_in_it_stays_null(tmp_path):
    table = made(tmp_path, features=("visib",), joins=(JOIN,))
    assert table["visib"].isna().tolist() == [True, True, True, False]
    assert table["visib"].iloc[3] == 1.0


def test_a_row_older_than_the_ttl_does_not_join(tmp_path):
    joined = made(tmp_path, features=("visib",), joins=(JOIN.model_copy(update={"ttl": None}),))
    assert joined["visib"].iloc[1] == 3.0


def test_until_is_inclusive_and_the_window_open_at_its_beginning(tmp_path):
    assert made(tmp_path, until=at(12))["distance"].tolist() == [100, 200, 300]
    window = made(tmp_path, until=at(12), window=timedelta(hours=3))
    assert window["distance"].tolist() == [100, 300]


def test_where_chooses_the_population_and_null_is_not_true(tmp_path):
    assert made(tmp_path, where="origin = 'JFK'")["distance"].tolist() == [100, 400]
    assert made(tmp_path, where="origin <> 'JFK' -- not null")["distance"].tolist() == [200]


def test_a_row_is_known_by_its_key_whatever_else_changes(tmp_path):
    first = made(tmp_path)["__row__"].tolist()
    other = FLIGHTS.assign(distance=1)
    assert made(tmp_path, flights=other)["__row__"].tolist() == first
    assert (
        made(tmp_path, flights=other, primary_key=())["__row__"].tolist()
        != made(tmp_path, primary_key=())["__row__"].tolist()
    )


def test_two_views_with_equal_names_as_the_entities_do_not_meet(tmp_path):
    join = JOIN.model_copy(update={"columns": ("distance", "visib")})
    table = made(tmp_path, features=("distance", "visib"), joins=(join,))
    assert table["distance"].iloc[0] == 0


def test_an_empty_table_gives_an_empty_feature_table(tmp_path):
    assert made(
        tmp_path, flights=FLIGHTS.iloc[:0], features=("visib", "distance"), joins=(JOIN,), label="id"
    ).empty


def test_bytes_do_not_depend_on_threads(tmp_path):
    rows = 200_000
    flights = pd.concat([FLIGHTS] * (rows // len(FLIGHTS)), ignore_index=True).assign(id=range(rows))
    digests = set()
    for threads in (1, 2, 4):
        made(
            tmp_path, flights=flights, threads=threads, features=("visib",), joins=(JOIN,), label="delay > 15"
        )
        digests.add(digest_of_file(tmp_path / "out"))
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"features": ("distanze",)}, "column 'distanze' is not in the entities"),
        ({"group": "carrier"}, "column 'carrier' is not in the entities"),
        (
            {"joins": (JOIN.model_copy(update={"columns": ("visibility",)}),)},
            "column 'visibility' is not in the table",
        ),
        ({"label": "(select max(delay) from entities)"}, "`label`: "),
        ({"where": "1) from t; drop table t; select (1"}, "`where`: "),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(tmp_path, config, message):
    with pytest.raises(StepFailed, match=message.replace("(", r"\(")):
        made(tmp_path, **config)

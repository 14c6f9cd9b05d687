"""Serving what training learns from: the values in the online store are those of the join at that instant."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlopsc.diagnostics.errors import OnlineStoreError, StepFailed, UsageError
from mlopsc.runtime.context import Context
from mlopsc.runtime.online.location import open_online_store
from mlopsc.runtime.online.reading import answer, served
from mlopsc.runtime.operations import features, materialize
from mlopsc.runtime.store import digest_of_file
from mlopsc.vocabulary.aggregates import Aggregate, Ratio
from mlopsc.vocabulary.online import ServedFeature
from mlopsc.vocabulary.operations import Features, Materialize
from mlopsc.vocabulary.views import Join

START = datetime(2026, 1, 1, tzinfo=UTC)
TIME = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [("airport", pa.string()), ("runway", pa.float64()), ("seen", TIME), ("told", TIME), ("visib", pa.int64()),
     ("price", pa.decimal128(9, 2)), ("day", pa.date32()), ("also", pa.list_(TIME))]
)  # fmt: skip
JOIN = Join(
    view="weather",
    entity={"origin": "airport", "runway": "runway"},
    feature_time="seen",
    created="told",
    columns=("visib", "price", "day", "also"),
)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def row(airport="JFK", runway=1.0, seen=0, told=None, visib=10, price=None, day=None, also=None):
    given = (airport, runway, at(seen), None if told is None else at(told), visib, price, day, also)
    return dict(zip(SCHEMA.names, given, strict=True))


def materialized(folder: Path, rows, until: datetime, **changes):
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), folder / "weather")
    given = {"project": "p", "view": JOIN, "until": until, "online_store": "online.db"} | changes
    config = Materialize(**given)
    context = Context(project=folder, threads=2)
    materialize.run(config, {"table": folder / "weather"}, {"report": folder / "report"}, context)
    return config, context, json.loads((folder / "report").read_bytes())


def online(folder: Path, entities, moment: datetime, views=("weather",)):
    store = open_online_store("online.db", {}, folder)
    return answer(store, "p", None, views, entities, moment)


def trained(folder: Path, entities, moment: datetime, join=JOIN) -> list[dict]:
    """Return what the feature step of training makes of the same entities at that time."""
    kinds = pa.schema([("origin", pa.string()), ("runway", pa.float64()), ("n", pa.int64()), ("when", TIME)])
    listed = [{**entity, "n": n, "when": moment} for n, entity in enumerate(entities)]
    pq.write_table(pa.Table.from_pylist(listed, kinds), folder / "entities")
    config = Features(training="t", primary_key=("n",), event_time="when", features=join.names, joins=(join,))
    inputs = {"entities": folder / "entities", join.view: folder / "weather"}
    features.run(config, inputs, {"table": folder / "out"}, Context(project=folder, threads=2))
    return pq.read_table(folder / "out", columns=list(join.names)).to_pylist()


HOURS = st.integers(0, 6).map(float)
ROWS = st.builds(
    row,
    airport=st.sampled_from(["JFK", "EWR", None]),
    runway=st.sampled_from([0.0, -0.0, 1.0, None, float("nan")]),
    seen=HOURS,
    told=st.none() | HOURS,
    visib=st.none() | st.integers(-5, 5),
    price=st.none() | st.decimals(-10, 10, places=2),
    day=st.none() | st.dates(date(2025, 1, 1), date(2026, 1, 1)),
    also=st.none() | st.lists(st.none() | HOURS.map(at), max_size=2),
)
ENTITIES = [
    {"origin": origin, "runway": runway}
    for origin in ("JFK", "EWR", "LGA", None)
    for runway in (0.0, -0.0, 1.0, None, float("nan"))
]


RULES = st.fixed_dictionaries(
    {
        "ttl": st.none() | HOURS.map(lambda hours: timedelta(hours=hours)),
        "created": st.sampled_from([None, "told"]),
        "known_at": st.sampled_from([None, "told"]),
        "available_after": st.none() | st.integers(0, 2).map(lambda hours: timedelta(hours=hours)),
        "tie_break": st.sampled_from([(), ("visib",)]),
    }
)


@given(st.lists(ROWS, max_size=12), HOURS, RULES, HOURS)
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_online_and_training_agree(tmp_path_factory, rows, until, rules, later):
    folder = tmp_path_factory.mktemp("agree")
    join = JOIN.model_copy(update=rules)
    wait = join.available_after or timedelta(0)
    known = [one for one in rows if one["seen"] + wait <= at(until)]
    if join.known_at:
        known = [one for one in known if one["told"] is not None and one["told"] <= at(until)]
    materialized(folder, rows, at(until), view=join)
    found, types, as_of = online(folder, ENTITIES, at(until))
    assert found == trained(folder, ENTITIES, at(until), join)
    assert list(types.items()) == [(name, SCHEMA.field(name).type) for name in join.columns]
    assert as_of == {"weather": at(until)}
    # Later, when nothing new has become known, only age counts.
    moment = at(until + later)
    found, _, _ = online(folder, ENTITIES, moment)
    pq.write_table(pa.Table.from_pylist(known, SCHEMA), folder / "weather")
    assert found == trained(folder, ENTITIES, moment, join)


WINDOWS = JOIN.model_copy(
    update={
        "columns": (),
        "created": None,
        "aggregates": (
            Aggregate(name="rows", function="count", window=timedelta(hours=2)),
            Aggregate(name="mean", function="mean", column="visib", window=timedelta(hours=3)),
            Aggregate(name="sum", function="sum", column="price", window=timedelta(hours=2)),
            Aggregate(name="last", function="last", column="day", window=timedelta(hours=9)),
            Aggregate(
                name="high", function="count", column="visib", window=timedelta(hours=2), where="visib > 0"
            ),
        ),
        "ratios": (Ratio(name="share", numerator="high", denominator="rows"),),
    }
)


@given(st.lists(ROWS, max_size=12), HOURS, st.sampled_from([None, "told"]))
@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_windows_are_those_of_training_at_the_instant_and_stay_so(tmp_path_factory, rows, until, known_at):
    folder = tmp_path_factory.mktemp("windows")
    join = WINDOWS.model_copy(update={"known_at": known_at})
    materialized(folder, rows, at(until), view=join)
    found, types, _ = online(folder, ENTITIES, at(until))
    assert found == trained(folder, ENTITIES, at(until), join)
    assert list(types) == list(join.names)
    assert online(folder, ENTITIES, at(until + 50))[0] == found


def test_an_entity_that_is_not_there_has_counted_nothing(tmp_path):
    materialized(tmp_path, [row()], at(1), view=WINDOWS)
    found, _, _ = online(tmp_path, [{"origin": "LGA", "runway": 1}], at(1))
    assert found == [{"rows": 0, "mean": None, "sum": None, "last": None, "high": 0, "share": None}]


def test_ttl_is_inclusive_and_counts_from_the_request(tmp_path):
    materialized(tmp_path, [row(visib=7)], at(1), view=JOIN.model_copy(update={"ttl": timedelta(hours=2)}))
    entity = [{"origin": "JFK", "runway": 1}]
    assert online(tmp_path, entity, at(2))[0][0]["visib"] == 7
    assert online(tmp_path, entity, at(2) + timedelta(microseconds=1))[0][0]["visib"] is None


def test_what_comes_after_the_instant_is_not_served(tmp_path):
    _, _, report = materialized(tmp_path, [row(seen=1, visib=1), row(seen=3, visib=3)], at(2))
    assert report == {"view": "weather", "until": "2026-01-01T02:00:00Z", "entities": 1, "status": "written"}
    assert online(tmp_path, [{"origin": "JFK", "runway": 1.0}], at(9))[0][0]["visib"] == 1
    with pytest.raises(OnlineStoreError, match="as of 2026-01-01T02:00:00Z, which is later"):
        online(tmp_path, [{"origin": "JFK", "runway": 1.0}], at(1))


def test_the_effect_is_confirmed_by_what_is_there(tmp_path):
    config, context, _ = materialized(tmp_path, [row()], at(1))
    digests = {"table": digest_of_file(tmp_path / "weather")}
    assert materialize.confirmed(config, digests, context)
    assert not materialize.confirmed(config, {"table": "sha256:other"}, context)
    assert not materialize.confirmed(config.model_copy(update={"until": at(2)}), digests, context)
    newer, _, _ = materialized(tmp_path, [row()], at(2))
    assert not materialize.confirmed(config, digests, context)
    assert materialized(tmp_path, [row()], at(1))[2]["status"] == "superseded"
    assert materialize.confirmed(newer, digests, context)


def test_an_empty_table_serves_nulls(tmp_path):
    assert materialized(tmp_path, [], at(1))[2]["entities"] == 0
    assert online(tmp_path, [{"origin": "JFK", "runway": 1.0}], at(1))[0] == [
        {"visib": None, "price": None, "day": None, "also": None}
    ]


def test_a_training_gets_its_features_in_its_order_with_those_of_the_request(tmp_path):
    wanted = (
        ServedFeature(name="distance", type="decimal(6,1)"),
        ServedFeature(name="price", view="weather", type="decimal(9,2)"),
        ServedFeature(name="anything"),
        ServedFeature(name="visib", view="weather", type="int64"),
    )
    materialized(tmp_path, [row(price=Decimal("1.20"))], at(1), trainings={"late": wanted})
    store = open_online_store("online.db", {}, tmp_path)
    training = served(store, "p", "late")
    features = training.asked
    assert (features, training.functions) == (wanted, ())
    entity = {"origin": "JFK", "runway": 1, "distance": 5, "anything": [1]}
    rows, types, _ = answer(store, "p", features, ["weather"], [entity], at(1))
    assert [list(one.items()) for one in rows] == [
        [("distance", Decimal("5.0")), ("price", Decimal("1.20")), ("anything", [1]), ("visib", 10)]
    ]
    assert list(types.values()) == [pa.decimal128(6, 1), pa.decimal128(9, 2), None, pa.int64()]
    with pytest.raises(UsageError, match="entity 0 has no 'distance', which no view holds"):
        answer(store, "p", features, ["weather"], [{"origin": "JFK", "runway": 1}], at(1))
    with pytest.raises(UsageError, match=r"entity 0: 'distance' is 5\.55 \(float\), expected decimal"):
        answer(store, "p", features, ["weather"], [{**entity, "distance": 5.55}], at(1))
    with pytest.raises(UsageError, match="holds nothing for a training 'early'"):
        served(store, "p", "early")
    with pytest.raises(UsageError, match="is a view, not a training"):
        served(store, "p", "weather")


def test_a_request_that_does_not_fit_is_told(tmp_path):
    materialized(tmp_path, [row()], at(1))
    with pytest.raises(UsageError, match="entity 1 has no 'runway', the key of view 'weather'"):
        online(tmp_path, [{"origin": "JFK", "runway": 1}, {"origin": "JFK"}], at(1))
    with pytest.raises(UsageError, match=r"entity 0: 'origin' is 5 \(int\), expected string"):
        online(tmp_path, [{"origin": 5, "runway": 1}], at(1))
    with pytest.raises(OnlineStoreError, match="holds no view 'wether' of project 'p'"):
        online(tmp_path, [{"origin": "JFK", "runway": 1}], at(1), views=["wether"])


def test_a_nested_key_is_refused(tmp_path):
    join = JOIN.model_copy(update={"entity": {"origin": "also"}})
    with pytest.raises(StepFailed, match="key 'also' of view 'weather' is nested"):
        materialized(tmp_path, [row()], at(1), view=join)


def test_a_column_that_is_not_there_is_told(tmp_path):
    join = JOIN.model_copy(update={"columns": ("visibility",)})
    with pytest.raises(StepFailed, match="column 'visibility' is not in the table of view 'weather'"):
        materialized(tmp_path, [row()], at(1), view=join)


def test_the_time_may_be_a_key_or_a_column(tmp_path):
    join = JOIN.model_copy(update={"entity": {"seen": "seen"}, "columns": ("seen", "visib"), "created": None})
    materialized(tmp_path, [row(visib=4)], at(1), view=join)
    found, _, _ = online(tmp_path, [{"seen": at(0)}], at(1))
    assert found == [{"seen": at(0), "visib": 4}]

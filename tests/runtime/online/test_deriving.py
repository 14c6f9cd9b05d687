"""Functions of rows in answers: what training makes at that instant, by the code that was materialized."""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlopsc.diagnostics.errors import OnlineStoreError, StepFailed, UsageError
from mlopsc.runtime.context import Context
from mlopsc.runtime.online import deriving
from mlopsc.runtime.online.deriving import derive
from mlopsc.runtime.online.location import open_online_store
from mlopsc.runtime.online.reading import answer, served
from mlopsc.runtime.online.state import ServedTraining
from mlopsc.runtime.operations import features, materialize
from mlopsc.vocabulary.online import ServedFeature, ServedFunctions
from mlopsc.vocabulary.operations import Features, Materialize
from mlopsc.vocabulary.views import Join, RowFunction

CODE = """
import pandas


def compare(table, scale=1.0):
    share = scale * table["amount"] / table["credit"]
    late = table["since"] + pandas.Timedelta("1D")
    return pandas.DataFrame({"share": share, "high": share > 0.5, "due": late})


def word(table):
    return pandas.DataFrame({"word": table["level"].str.upper(), "sum": table["share"] + table["n"]})


def broken(table):
    return table["nothing"]
"""
START = datetime(2026, 1, 1, tzinfo=UTC)
TIME = pa.timestamp("us", tz="UTC")
ROWS = pa.schema(
    [("cust", pa.int64()), ("seen", TIME), ("credit", pa.float64()), ("level", pa.string()), ("since", TIME)]
)
JOIN = Join(
    view="customer",
    entity={"cust": "cust"},
    feature_time="seen",
    columns=("credit", "level", "since"),
    ttl=timedelta(hours=3),
)
FUNCTIONS = (
    RowFunction(
        view="compared",
        python="derived:compare",
        inputs=("amount", "credit", "since"),
        columns={"share": "float64", "high": "bool", "due": "timestamp"},
        args={"scale": 2.0},
    ),
    RowFunction(
        view="worded",
        python="derived:word",
        inputs=("share", "level", "n"),
        columns={"word": "string", "sum": "float64"},
    ),
)
NAMES = ("sum", "amount", "credit", "level", "since", "share", "high", "due", "word")
SERVED = tuple(
    ServedFeature(
        name=name,
        view="customer" if name in JOIN.columns else None,
        function=next((one.view for one in FUNCTIONS if name in one.columns), None),
        type={"amount": "float64"}.get(name),
    )
    for name in NAMES
)
GIVEN = (ServedFeature(name="n", type="int64"),)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a process's memory of its own."""
    monkeypatch.delitem(sys.modules, "derived", raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(deriving, "_loaded", {})


def materialized(folder: Path, rows: list[dict], until: datetime, functions=FUNCTIONS) -> Materialize:
    (folder / "derived.py").write_text(CODE)
    pq.write_table(pa.Table.from_pylist(rows, ROWS), folder / "customers")
    config = Materialize(
        project="p",
        view=JOIN,
        until=until,
        online_store="online.db",
        trainings={"t": SERVED},
        rows={"t": ServedFunctions(functions=functions, given=GIVEN)},
    )
    materialize.run(config, {"table": folder / "customers"}, {"report": folder / "report"}, Context(folder))
    assert json.loads((folder / "report").read_bytes())["status"] in ("written", "superseded")
    return config


def online(folder: Path, entities: list[dict], moment: datetime) -> tuple[list[dict], dict]:
    store = open_online_store("online.db", {}, folder)
    training = served(store, "p", "t")
    found, types, _ = answer(store, "p", training.asked, ["customer"], entities, moment)
    return derive(training, folder, found, types)


def trained(folder: Path, entities: list[dict], moment: datetime) -> pa.Table:
    """Return what the feature step of training makes of the same entities at that time."""
    kinds = pa.schema([("cust", pa.int64()), ("amount", pa.float64()), ("n", pa.int64()), ("when", TIME)])
    pq.write_table(
        pa.Table.from_pylist([{**entity, "when": moment} for entity in entities], kinds), folder / "entities"
    )
    config = Features(
        training="t", primary_key=("n",), event_time="when", features=NAMES, joins=(JOIN,), rows=FUNCTIONS
    )
    inputs = {"entities": folder / "entities", "customer": folder / "customers"}
    features.run(config, inputs, {"table": folder / "out"}, Context(folder, threads=2))
    return pq.read_table(folder / "out", columns=list(NAMES))


HOURS = st.integers(0, 4).map(float)
FLOATS = st.none() | st.floats(-9, 9) | st.just(float("nan"))
CUSTOMERS = st.fixed_dictionaries(
    {
        "cust": st.sampled_from([1, 2, None]),
        "seen": HOURS.map(at),
        "credit": FLOATS,
        "level": st.none() | st.text("abß", max_size=3),
        "since": st.none() | st.datetimes(datetime(2020, 1, 1), datetime(2026, 1, 1)),  # noqa: DTZ001
    }
)


@given(st.lists(CUSTOMERS, max_size=8), st.lists(FLOATS, min_size=3, max_size=3), HOURS)
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_online_and_training_agree(tmp_path_factory, rows, amounts, until):
    """All at once, and each by itself, as requests ask."""
    folder = tmp_path_factory.mktemp("agree")
    entities = [{"cust": n + 1, "amount": amount, "n": n} for n, amount in enumerate(amounts)]
    materialized(folder, rows, at(until))
    sys.modules.pop("derived", None)  # each example is a project of its own
    wanted = trained(folder, entities, at(until))
    found, types = online(folder, entities, at(until))
    assert same(found, wanted.to_pylist())
    assert [(name, types[name]) for name in NAMES] == [(one.name, one.type) for one in wanted.schema]
    alone = [online(folder, [entity], at(until))[0][0] for entity in entities]
    assert same(alone, wanted.to_pylist())
    assert list(alone[0]) == list(NAMES)


def same(found: list[dict], wanted: list[dict]) -> bool:
    """Whether rows are equal, NaN being itself."""
    return json.dumps(found, default=str) == json.dumps(wanted, default=lambda one: str(one.astimezone(UTC)))


ROW = {"cust": 1, "seen": at(0), "credit": 4.0, "level": "x", "since": at(0)}
ASKED = [{"cust": 1, "amount": 1.0, "n": 1}]


def test_what_functions_get_beside_features_comes_with_the_request(tmp_path):
    materialized(tmp_path, [ROW], at(1))
    (found,), types = online(tmp_path, ASKED, at(1))
    assert (found["share"], found["sum"], found["due"], "n" in found) == (0.5, 1.5, at(24), False)
    assert types["due"] == TIME
    assert online(tmp_path, [], at(1))[0] == []
    with pytest.raises(UsageError, match="entity 0 has no 'n', which no view holds"):
        online(tmp_path, [{"cust": 1, "amount": 1.0}], at(1))
    # Older than the ttl: nulls reach the functions.
    (old,), _ = online(tmp_path, ASKED, at(9))
    assert (old["share"], old["high"], old["due"], old["word"]) == (None, False, None, None)


def test_other_code_than_was_materialized_is_refused(tmp_path):
    config = materialized(tmp_path, [ROW], at(1))
    (tmp_path / "derived.py").write_text(CODE.replace("1D", "2D"))
    with pytest.raises(OnlineStoreError, match="is not what it was when features were materialized"):
        online(tmp_path, ASKED, at(1))
    (tmp_path / "derived.py").write_text(CODE)
    assert online(tmp_path, ASKED, at(1))[0][0]["share"] == 0.5
    # Loaded once: what is edited later counts when it is materialized, and then for a new process.
    changed = CODE.replace("0.5", "0.4")
    (tmp_path / "derived.py").write_text(changed)
    assert online(tmp_path, ASKED, at(1))[0][0]["high"] is False
    digests = {"table": "sha256:any"}
    assert not materialize.confirmed(config, digests, Context(tmp_path))
    outputs = {"report": tmp_path / "report"}
    materialize.run(config, {"table": tmp_path / "customers"}, outputs, Context(tmp_path))
    with pytest.raises(OnlineStoreError, match="has changed since this process imported it"):
        online(tmp_path, ASKED, at(1))


def test_the_code_is_part_of_what_is_confirmed(tmp_path):
    from mlopsc.runtime.store import digest_of_file

    config = materialized(tmp_path, [ROW], at(1))
    digests = {"table": digest_of_file(tmp_path / "customers")}
    assert materialize.confirmed(config, digests, Context(tmp_path))
    (tmp_path / "derived.py").write_text(CODE + "\n")
    assert not materialize.confirmed(config, digests, Context(tmp_path))


def test_a_column_of_unknown_type_and_a_function_that_fails_are_told(tmp_path):
    materialized(tmp_path, [ROW], at(1))
    store = open_online_store("online.db", {}, tmp_path)
    training = served(store, "p", "t")
    untyped = ServedTraining(training.features, (ServedFeature(name="n"),), training.functions, training.code)
    found, types, _ = answer(store, "p", untyped.asked, ["customer"], ASKED, at(1))
    with pytest.raises(UsageError, match="a function gets 'n', whose type is not known"):
        derive(untyped, tmp_path, found, types)
    broken = FUNCTIONS[1].model_copy(update={"python": "derived:broken"})
    materialized(tmp_path, [ROW], at(1), (FUNCTIONS[0], broken))
    with pytest.raises(StepFailed, match="derived:broken raised KeyError: 'nothing'"):
        online(tmp_path, ASKED, at(1))

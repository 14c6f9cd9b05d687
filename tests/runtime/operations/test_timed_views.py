"""Timed views in the feature step equal their definitions, whatever rules, ties, nulls, zones and threads."""

import math
import tempfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.context import Context
from mlopsc.runtime.operations import features
from mlopsc.runtime.store import digest_of_file
from mlopsc.vocabulary.aggregates import Aggregate, Ratio
from mlopsc.vocabulary.operations import Features
from mlopsc.vocabulary.views import Join
from tests.runtime.definitions import Rules, absent, aggregated, joined

START = datetime(2024, 3, 9, 20, tzinfo=UTC)
"""New York's clocks skip an hour in the night after."""
NEW_YORK = ZoneInfo("America/New_York")
FUNCTIONS: list[tuple[str, str | None, float | None]] = [
    ("count", None, None),
    ("count", "v", None),
    ("count_distinct", "s", None),
    ("sum", "n", None),
    ("sum", "v", None),
    ("mean", "v", None),
    ("mean", "n", None),
    ("min", "s", None),
    ("max", "v", None),
    ("stddev", "v", None),
    ("quantile", "v", 0.9),
    ("quantile", "n", 0.5),
    ("first", "s", None),
    ("last", "v", None),
]


def at(hours: int | None) -> datetime | None:
    return None if hours is None else START + timedelta(hours=hours)


def table(rows: list[dict[str, Any]], schema: dict[str, Any], zone: str) -> pl.DataFrame:
    """Return rows as a frame, their hours as instants that are written in a zone."""
    times = [name for name, kind in schema.items() if kind is pl.Datetime]
    frame = pl.DataFrame(
        [{**row, **{name: at(row[name]) for name in times}} for row in rows],
        schema={**schema, **dict.fromkeys(times, pl.Datetime("us", "UTC"))},
    )
    return frame.with_columns(pl.col(name).dt.convert_time_zone(zone) for name in times)


ENTITY = {"k": pl.String, "x": pl.Float64, "t": pl.Datetime}
VIEW = {**ENTITY, "made": pl.Datetime, "rank": pl.Int64, "v": pl.Float64, "n": pl.Int64, "s": pl.String}
keys = {"k": st.sampled_from(["a", "b", None]), "x": st.sampled_from([0.0, 1.0, math.nan, None])}
hours = st.integers(0, 8)
maybe = st.one_of(st.none(), st.integers(0, 9))
labels = st.lists(st.fixed_dictionaries({**keys, "t": hours}), max_size=8)
rows = st.lists(
    st.fixed_dictionaries(
        {
            **keys,
            "t": st.one_of(st.none(), hours),
            "made": maybe,
            "rank": st.one_of(st.none(), st.integers(0, 2)),
            "v": st.one_of(st.none(), st.just(math.nan), st.floats(-1e6, 1e6), st.floats(-1e15, 1e15)),
            "n": st.one_of(st.none(), st.integers(-(2**53), 2**53)),
            "s": st.sampled_from(["p", "q", "r", None]),
        }
    ),
    max_size=12,
)
rules = st.builds(
    Rules,
    keys=st.sampled_from([("k",), ("k", "x")]),
    ttl=st.one_of(st.none(), st.integers(2, 6)),
    created=st.sampled_from([None, "made"]),
    tie_break=st.sampled_from([(), ("rank",), ("rank", "s")]),
    known_at=st.sampled_from([None, "made"]),
    available_after=st.integers(0, 2),
)


def join_of(rules: Rules, **made: Any) -> Join:
    return Join(
        view="view",
        entity={f"my_{key}": key for key in rules.keys},
        feature_time="t",
        ttl=None if rules.ttl is None else timedelta(hours=rules.ttl),
        created=rules.created,
        tie_break=tuple(rules.tie_break),
        known_at=rules.known_at,
        available_after=timedelta(hours=rules.available_after) if rules.available_after else None,
        **made,
    )


def made(
    labels: list[dict[str, Any]],
    rows: list[dict[str, Any]],
    join: Join,
    *,
    zones: tuple[str, str] = ("UTC", "UTC"),
    threads: int = 2,
) -> tuple[list[dict[str, Any]], str]:
    """Run the feature step; return the features of each label and the table's digest."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        entities = table(labels, ENTITY, zones[0]).rename({key: f"my_{key}" for key in ("k", "x")})
        entities.write_parquet(folder / "entities")
        table(rows, VIEW, zones[1]).write_parquet(folder / "view")
        operation = Features(training="t", event_time="t", features=join.names, joins=(join,))
        inputs = {port: folder / port for port in operation.input_ports()}
        features.run(operation, inputs, {"table": folder / "out"}, Context(project=folder, threads=threads))
        found = pq.read_table(folder / "out").select(join.names).to_pylist()
        return found, digest_of_file(folder / "out")


def same(found: Any, expected: Any) -> bool:
    if absent(expected) or absent(found):
        return absent(expected) and absent(found)
    if isinstance(expected, float):
        return math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-9)
    return bool(found == expected)


zones = st.tuples(*[st.sampled_from(["UTC", "America/New_York", "Asia/Kathmandu"])] * 2)


@settings(max_examples=150, deadline=None)
@given(labels=labels, rows=rows, rules=rules, zones=zones)
def test_the_join_equals_its_definition(
    labels: list[Any], rows: list[Any], rules: Rules, zones: tuple[str, str]
) -> None:
    found, _ = made(labels, rows, join_of(rules, columns=("v", "s")), zones=zones)
    assert len(found) == len(labels)
    for label, row in zip(labels, found, strict=True):
        expected = joined(label, rows, rules)
        assert all(same(row[name], expected and expected[name]) for name in ("v", "s")), (
            label,
            row,
            expected,
        )


@settings(max_examples=150, deadline=None)
@given(
    labels=labels,
    rows=rows,
    rules=rules.map(lambda one: Rules(**{**one.__dict__, "ttl": None})),
    windows=st.lists(st.integers(1, 6), min_size=1, max_size=3, unique=True),
    chosen=st.lists(st.sampled_from(FUNCTIONS), min_size=1, max_size=6, unique=True),
    zones=zones,
)
def test_aggregates_equal_their_definition(
    labels: list[Any], rows: list[Any], rules: Rules, windows: list[int], chosen: list[Any], zones: Any
) -> None:
    wanted = {f"a{n}_{window}": (*one, window) for n, one in enumerate(chosen) for window in windows}
    aggregates = tuple(
        Aggregate(
            name=name, function=function, column=column, quantile=quantile, window=timedelta(hours=window)
        )
        for name, (function, column, quantile, window) in wanted.items()
    )
    found, _ = made(labels, rows, join_of(rules, aggregates=aggregates), zones=zones)
    assert len(found) == len(labels)
    for label, row in zip(labels, found, strict=True):
        for name, (function, column, quantile, window) in wanted.items():
            expected = aggregated(function, column, window, label, rows, rules, quantile)
            assert same(row[name], expected), (name, wanted[name], label, row[name], expected)


def view_rows(*values: tuple[int, Any]) -> list[dict[str, Any]]:
    """Return rows of the key `a` with hour and value."""
    empty = {"x": None, "made": None, "rank": None, "n": None, "s": None}
    return [{"k": "a", "t": hour, "v": value, **empty} for hour, value in values]


LABEL = [{"k": "a", "x": None, "t": 5}]
BY_KEY = Rules()


def window(name: str, function: str, column: str | None = "v", **more: Any) -> Aggregate:
    return Aggregate(name=name, function=function, column=column, window=timedelta(hours=5), **more)  # type: ignore[arg-type]


def of_label(rows: list[dict[str, Any]], *aggregates: Aggregate, **more: Any) -> dict[str, Any]:
    return made(LABEL, rows, join_of(BY_KEY, aggregates=aggregates, **more))[0][0]


def test_a_window_is_open_at_its_beginning_and_closed_at_its_end() -> None:
    rows = view_rows((0, 1.0), (1, 10.0), (5, 100.0), (6, 1000.0))
    assert of_label(rows, window("total", "sum")) == {"total": 110.0}


def test_sums_keep_every_digit_and_infinities() -> None:
    rows = view_rows((1, 1e15), (2, 0.1), (3, -1e15), (4, 2.0**-40))
    assert of_label(rows, window("total", "sum")) == {"total": math.fsum([0.1, 2.0**-40])}
    inf = [*rows, *view_rows((5, math.inf))]
    both = [*inf, *view_rows((5, -math.inf))]
    three = (window("total", "sum"), window("mean", "mean"), window("spread", "stddev"))
    found = of_label(inf, *three)
    assert (found["total"], found["mean"]) == (math.inf, math.inf)
    assert all(math.isnan(value) for value in (found["spread"], *of_label(both, *three).values()))
    tiny = view_rows((1, 5e-324), (2, 1e-310))
    assert of_label(tiny, window("total", "sum")) == {"total": 1e-310 + 5e-324}
    assert of_label(view_rows((1, 1e308), (2, -1e308), (3, 1.0)), window("n", "count")) == {"n": 3}


@pytest.mark.parametrize(
    "values",
    [
        [1e9, 1e9 + 1, 1e9 + 3],
        [2.0**60, 2.0**60 + 256, 2.0**60 - 512],
        [2.0**46, 2.0**46 - 1, 2.0**46 + 1, 2.0**91],
        [-(2.0**45), 1 - 2.0**45, 2.0**91],
        [1e-3, 2e-3, 5e-3, 1e15],
        [1e300, 3e300, -2e300],
        [3e-310, 1e-310],
        [0.1] * 7,
        [1.0],
    ],
)
def test_a_deviation_keeps_its_digits_and_knows_no_order(values: list[float]) -> None:
    def deviation(order: list[float]) -> Any:
        return of_label(view_rows(*((1 + n % 2, x) for n, x in enumerate(order))), window("s", "stddev"))["s"]

    found = {deviation(order) for order in (values, values[::-1], values[1:] + values[:1])}
    assert len(found) == 1
    expected = _deviation([Fraction(x) for x in values]) if len(values) > 1 else None
    assert found.pop() == (None if expected is None else pytest.approx(expected, rel=5e-16, abs=0))


def _deviation(values: list[Fraction]) -> float:
    """Return the value by definition, to the nearest float."""
    mean = sum(values, Fraction(0)) / len(values)
    variance = sum(((x - mean) ** 2 for x in values), Fraction(0)) / (len(values) - 1)
    with localcontext(prec=60):
        return float((Decimal(variance.numerator) / Decimal(variance.denominator)).sqrt())


def test_a_sum_of_whole_numbers_that_none_can_hold_is_an_error() -> None:
    from mlopsc.diagnostics.errors import MlopscError

    rows = [{**row, "n": 2**62} for row in view_rows((1, None), (2, None))]
    with pytest.raises(MlopscError, match="out of range"):
        of_label(rows, window("total", "sum", "n"))


def test_conditions_choose_rows_of_the_view_and_of_an_aggregate() -> None:
    rows = view_rows((1, 1.0), (2, 20.0), (3, 300.0))
    late = window("late", "count", None, where="v > 10 -- minutes")
    found = of_label(
        rows, late, window("all", "count", None), ratios=(Ratio(name="share", numerator="late", denominator="all"),),
        where="v < 300",
    )  # fmt: skip
    assert found == {"late": 1, "all": 2, "share": 0.5}
    assert of_label([], late, ratios=(Ratio(name="share", numerator="late", denominator="late"),)) == {
        "late": 0,
        "share": None,
    }
    latest = join_of(BY_KEY, columns=("v",), where="v < 300")
    assert made(LABEL, rows, latest)[0] == [{"v": 20.0}]


@pytest.mark.parametrize(
    ("join", "message"),
    [
        ({"aggregates": (window("m", "mean", "s"),)}, "`mean` takes no string, which column 's'"),
        ({"aggregates": (window("m", "mean", "w"),)}, "column 'w' is not in the table of view 'view'"),
        ({"columns": ("v",), "created": "w"}, "column 'w' is not in the table of view 'view'"),
        ({"columns": ("v",), "tie_break": ("w",)}, "column 'w' is not in the table of view 'view'"),
        ({"columns": ("v",), "where": "v > (select 1)"}, "`where` of view 'view': "),
        ({"aggregates": (window("c", "count", where="1) or (1"),)}, "`where` of view 'view': "),
        ({"columns": ("v",), "entity": {"my_k": "n"}}, "key 'my_k' of the entities is string, 'n' of"),
    ],
)
def test_what_cannot_be_is_refused(join: dict[str, Any], message: str) -> None:
    base = join_of(BY_KEY, columns=("v",)).model_dump(exclude_none=True, exclude={"columns"})
    with pytest.raises(StepFailed) as caught:
        made(LABEL, view_rows((1, 1.0)), Join(**(base | join)))
    assert message in str(caught.value)


@pytest.mark.parametrize("known_at", [None, "made"])
def test_bytes_do_not_depend_on_threads(known_at: str | None) -> None:
    labels = [{"k": "ab"[n % 2], "x": None, "t": n % 9} for n in range(3000)]
    rows = [
        {**row, "k": "ab"[n % 2], "s": str(n % 7), "made": n % 9}
        for n, row in enumerate(
            view_rows(*((n * 5 % 9, math.sin(n) * 10.0 ** (n % 12)) for n in range(5000)))
        )
    ]
    everything = tuple(
        Aggregate(
            name=f"a{n}",
            function=function,
            column=column,
            quantile=quantile,
            window=timedelta(hours=3),  # type: ignore[arg-type]
        )
        for n, (function, column, quantile) in enumerate(FUNCTIONS)
        if function not in ("first", "last") or known_at is None
    )
    join = join_of(Rules(known_at=known_at), aggregates=everything)
    labels, rows = (labels, rows) if known_at is None else (labels[:300], rows[:400])
    assert len({made(labels, rows, join, threads=threads)[1] for threads in (1, 2, 4)}) == 1


def test_a_view_may_be_called_as_the_entities_are() -> None:
    join = join_of(BY_KEY, columns=("v",)).model_copy(update={"view": "entities"})
    operation = Features(training="t", event_time="t", features=("v",), joins=(join,))
    assert list(operation.input_ports()) == ["entities", "entities_"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table(LABEL, ENTITY, "UTC").rename({"k": "my_k"}).write_parquet(folder / "entities")
        table(view_rows((1, 2.0)), VIEW, "UTC").write_parquet(folder / "entities_")
        inputs = {port: folder / port for port in operation.input_ports()}
        features.run(operation, inputs, {"table": folder / "out"}, Context(project=folder))
        assert pq.read_table(folder / "out").column("v").to_pylist() == [2.0]


def test_predictions_get_the_features_of_training_in_batches_of_any_size(tmp_path: Path) -> None:
    from mlopsc.runtime.engine.connection import connect
    from mlopsc.runtime.predicting.features import FeatureMaker

    labels = [{"k": "ab"[n % 2], "x": None, "t": n % 9} for n in range(50)]
    rows = [
        {**row, "k": "ab"[n % 2]} for n, row in enumerate(view_rows(*((n % 9, n / 7) for n in range(60))))
    ]
    join = join_of(Rules(available_after=1), aggregates=(window("mean", "mean"), window("last", "last")))
    expected, _ = made(labels, rows, join)
    table(rows, VIEW, "UTC").write_parquet(tmp_path / "view")
    entities = table(labels, ENTITY, "UTC").rename({"k": "my_k"}).to_arrow()
    step = Features(training="t", event_time="t", features=join.names, joins=(join,))
    with connect(tmp_path / "view") as connection:
        maker = FeatureMaker(step, (), connection, {"view": tmp_path / "view"}, tmp_path)
        found = [
            row
            for at in range(0, 50, 7)
            for row in maker.make(entities.slice(at, 7), at).features.to_pylist()
        ]
    assert found == expected

"""What a column means, whatever holds it."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlopsc.diagnostics.errors import SpecError
from mlopsc.runtime.drift.columns import Labels, NoValues, Numbers, from_counts, open_table


def column(values):
    return open_table(pd.DataFrame({"x": values})).read("x")


def objects(*values):
    return column(pd.Series(values, dtype=object))


def test_numbers_are_floats_in_order_and_nan_is_missing():
    found = column([3.0, np.nan, -0.0, np.inf, 1.0])
    assert (found.kind, found.rows, found.missing) == ("numeric", 5, 1)
    assert found.values.tolist() == [0.0, 1.0, 3.0, np.inf]
    assert not np.signbit(found.values[0])
    assert column(pd.array([1, None, 2], dtype="Int64")).values.tolist() == [1.0, 2.0]


def test_decimals_and_mixed_numbers_are_numbers():
    assert objects(Decimal("1.5"), 2, None, 0.5, Decimal("NaN")).values.tolist() == [0.5, 1.5, 2.0]
    arrow = pa.table({"x": pa.array([Decimal("1.50"), None])})
    assert open_table(arrow).read("x").values.tolist() == [1.5]


def test_instants_are_microseconds_since_1970_in_utc():
    expected = Numbers.of("datetime", 2, np.array([86_400e6]))
    for values in (
        pd.Series([pd.Timestamp("1970-01-02"), pd.NaT]),
        pd.Series([pd.Timestamp("1970-01-02T01:00+01:00"), pd.NaT]),
        pd.Series([datetime(1970, 1, 2, tzinfo=UTC), None], dtype=object),
        pd.Series([date(1970, 1, 2), None], dtype=object),
    ):
        found = column(values)
        assert (found.kind, found.rows, found.values.tolist()) == (
            expected.kind,
            expected.rows,
            expected.values.tolist(),
        )
    assert open_table(pl.DataFrame({"x": [date(1970, 1, 2)]})).read("x").kind == "datetime"


def test_durations_and_times_of_day_are_numbers_of_microseconds():
    assert column(pd.to_timedelta([1, 2], unit="s")).values.tolist() == [1e6, 2e6]
    assert objects(timedelta(seconds=1), time(0, 0, 2)) == Labels(
        "categorical", 2, {"timedelta(datetime.timedelta(seconds=1))": 1, "time(datetime.time(0, 0, 2))": 1}
    )
    assert objects(time(0, 0, 2)).values.tolist() == [2e6]


def test_booleans_have_two_labels():
    for found in (column([True, False, True]), column(pd.array([True, False, True], dtype="boolean"))):
        assert found == Labels("boolean", 3, {"true": 2, "false": 1})
    assert objects(True, None, False) == Labels("boolean", 3, {"true": 1, "false": 1})


def test_text_and_categories_are_their_text():
    assert column(["a", None, "a"]) == Labels("categorical", 3, {"a": 2})
    assert objects("a", np.nan, "a") == Labels("categorical", 3, {"a": 2})
    assert column(pd.Categorical(["a", None, "a"], categories=["b", "a"])) == Labels(
        "categorical", 3, {"a": 2}
    )
    assert column(pd.Categorical([5, 6])) == Labels("categorical", 2, {"5": 1, "6": 1})
    assert open_table(pl.DataFrame({"x": pl.Series(["a"], dtype=pl.Categorical)})).read("x") == Labels(
        "categorical", 1, {"a": 1}
    )


def test_mixed_types_stay_apart():
    assert objects(5, "5", True, None) == Labels("categorical", 4, {"int(5)": 1, "5": 1, "bool(True)": 1})


def test_nothing_but_missing_values_has_no_kind():
    assert objects(None, np.nan, pd.NA) == NoValues(3)
    assert column([np.nan, np.nan]) == NoValues(2)
    assert open_table(pa.table({"x": pa.nulls(2)})).read("x") == NoValues(2)


def test_nested_columns_are_refused_by_name():
    table = open_table(pa.table({"x": [[1], [2]]}))
    with pytest.raises(SpecError, match="column 'x' has the type list"):
        table.read("x")


KINDS = {
    pa.float64(): st.floats(allow_nan=True),
    pa.float32(): st.floats(allow_nan=True, width=32),
    pa.int64(): st.integers(2**53 - 2, 2**53 + 2),  # some of them are the same float
    pa.decimal128(6, 2): st.decimals(-10, 10, places=2),
    pa.timestamp("us", "UTC"): st.datetimes(datetime(2020, 1, 1), datetime(2020, 1, 2)),  # noqa: DTZ001
    pa.date32(): st.dates(date(2020, 1, 1), date(2020, 1, 4)),
    pa.time64("us"): st.sampled_from([time(1), time(2, 30)]),
    pa.bool_(): st.booleans(),
    pa.string(): st.text("ab", max_size=2),
    pa.binary(): st.binary(max_size=1),
}


@given(st.data(), st.sampled_from(list(KINDS)))
def test_distinct_values_and_their_counts_are_the_same_column(data, kind):
    values = data.draw(st.lists(st.none() | KINDS[kind], max_size=20))
    array = pa.array(values + values[:3], kind)
    whole = open_table(pa.table({"x": array})).read("x")
    counted = pc.value_counts(array.drop_null())
    counts = counted.field("counts").to_numpy()
    found = from_counts("x", counted.field("values"), counts, len(array))
    assert type(found) is type(whole)
    assert (found.rows, found.missing) == (whole.rows, whole.missing)
    if isinstance(whole, Numbers):
        assert found.kind == whole.kind
        assert found.values.tobytes() == whole.values.tobytes()
        assert found.through.tolist() == whole.through.tolist()
    else:
        assert found == whole


@given(
    st.lists(st.floats(-3, 3).map(round), min_size=1, max_size=20), st.lists(st.integers(-4, 4), max_size=9)
)
def test_numbers_count_what_lies_below(values, points):
    column = Numbers.of("numeric", 30, np.sort(np.array(values, dtype=np.float64)))
    assert (column.count, column.missing) == (len(values), 30 - len(values))
    asked = np.array(points, dtype=np.float64)
    assert column.up_to(asked).tolist() == [sum(v <= p for v in values) for p in points]
    assert column.less_than(asked).tolist() == [sum(v < p for v in values) for p in points]

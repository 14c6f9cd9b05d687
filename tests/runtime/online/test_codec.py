"""Values come back exactly as they were; keys are equal when their values are."""

import json
import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlopsc.runtime.online.codec import (
    Mismatch,
    NoSuchKey,
    arrow_type,
    conform,
    key_text,
    reader,
    type_name,
    written,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
TIMESTAMP = pa.timestamp("us", tz="UTC")
INSTANTS = st.datetimes(timezones=st.just(UTC), max_value=datetime(9999, 1, 1))  # noqa: DTZ001
SCALARS = {
    pa.bool_(): st.booleans(),
    pa.int8(): st.integers(-128, 127),
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.uint64(): st.integers(0, 2**64 - 1),
    pa.float32(): st.floats(width=32),
    pa.float64(): st.floats(),
    pa.decimal128(20, 4): st.decimals(min_value=-(10**15), max_value=10**15, places=4),
    pa.string(): st.text(),
    pa.binary(): st.binary(),
    pa.date32(): st.dates(),
    pa.time64("us"): st.times(),
    TIMESTAMP: INSTANTS,
}
NESTED = {
    pa.list_(TIMESTAMP): st.lists(st.none() | INSTANTS),
    pa.struct([("a", pa.int64()), ("b", pa.decimal128(5, 2))]): st.fixed_dictionaries(
        {"a": st.none() | st.integers(-9, 9), "b": st.none() | st.decimals(-99, 99, places=2)}
    ),
    pa.map_(pa.string(), pa.list_(pa.date32())): st.lists(
        st.tuples(st.text(), st.none() | st.lists(st.dates())), unique_by=lambda pair: pair[0]
    ),
}


@pytest.mark.parametrize("kind", [*SCALARS, *NESTED], ids=str)
def test_values_survive_exactly(kind):
    @given(st.lists(st.none() | (SCALARS | NESTED)[kind], max_size=20))
    def survive(values):
        column = pa.array(values, kind)
        texts = written([column])
        read = reader(kind)
        back = [None if (value := json.loads(text)[0]) is None else read(value) for text in texts]
        assert repr(back) == repr(column.to_pylist()).replace(
            "zoneinfo.ZoneInfo(key='UTC')", "datetime.timezone.utc"
        )
        assert pa.array(back, kind).equals(column) or "nan" in str(back)

    survive()


@pytest.mark.parametrize(
    ("kind", "value", "same"),
    [
        (pa.int64(), 5, np.int32(5)),
        (pa.int64(), 5, 5.0),
        (pa.int64(), 5, Decimal("5.0")),
        (pa.float64(), 0.0, -0.0),
        (pa.float64(), 2.0, 2),
        (pa.decimal128(9, 2), Decimal("1.50"), Decimal("1.5")),
        (pa.decimal128(9, 2), Decimal("3.00"), 3),
        (pa.string(), "a", np.str_("a")),
        (TIMESTAMP, NOON, NOON.replace(tzinfo=None)),
        (TIMESTAMP, NOON, NOON.astimezone(timezone(timedelta(hours=2)))),
        (TIMESTAMP, NOON, "2026-01-01T12:00:00Z"),
        (TIMESTAMP, NOON, pd.Timestamp("2026-01-01T12:00:00Z")),
        (pa.date32(), date(2026, 1, 1), "2026-01-01"),
        (pa.time64("us"), time(1, 2), time(1, 2, 0, 0)),
        (pa.bool_(), True, np.bool_(True)),
    ],
)  # fmt: skip
def test_what_is_equal_is_one_key(kind, value, same):
    assert key_text([conform(value, kind)], [kind]) == key_text([conform(same, kind)], [kind])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (pa.string(), 5), (pa.int64(), "5"), (pa.int64(), True), (pa.bool_(), 1), (pa.date32(), NOON),
        (TIMESTAMP, date(2026, 1, 1)), (TIMESTAMP, "yesterday"), (pa.decimal128(9, 2), 1.5), (pa.binary(), "x"),
    ],
)  # fmt: skip
def test_what_is_of_another_type_is_refused(kind, value):
    with pytest.raises(Mismatch):
        conform(value, kind)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (pa.int64(), 5.5), (pa.int64(), math.inf), (pa.float64(), math.nan), (pa.decimal128(9, 2), Decimal("1.555")),
        (pa.string(), None), (pa.float64(), pd.NA), (TIMESTAMP, pd.NaT), (pa.decimal128(4, 2), 1000),
    ],
)  # fmt: skip
def test_what_no_row_can_have_matches_nothing(kind, value):
    with pytest.raises(NoSuchKey):
        key_text([conform(value, kind)], [kind])


def test_keys_of_several_parts_are_not_run_together():
    kinds = [pa.string(), pa.string()]
    texts = {key_text(key, kinds) for key in [("a", "b,c"), ("a,b", "c"), ('a","b', "c"), ("ab", "c")]}
    assert len(texts) == 4


@pytest.mark.parametrize("name", ["bool", "int8", "uint64", "float32", "float64", "string", "binary", "date", "time",
                                  "timestamp", "decimal(9,2)"])  # fmt: skip
def test_types_have_one_name_here_and_in_a_spec(name):
    kind = arrow_type(name)
    assert kind is not None
    assert type_name(kind) == name

"""Splits: which rows are tested on."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.model_selection import train_test_split

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.context import Context
from mlopsc.runtime.operations import split
from mlopsc.runtime.operations.split import test_rows as chosen
from mlopsc.vocabulary.operations import SplitRows
from mlopsc.vocabulary.splits import ColumnSplit, GroupSplit, RandomSplit, StratifiedSplit, TimeSplit

START = datetime(2026, 1, 1, tzinfo=UTC)


def table(**columns):
    return pa.table(columns)


def days(*numbers):
    return pa.array([START + timedelta(days=n) for n in numbers], pa.timestamp("us", tz="UTC"))


def test_random_takes_the_rows_that_scikit_learn_takes():
    rows = table(x=list(range(101)))
    mask = chosen(rows, RandomSplit(type="random", test=0.2), 7)
    _, test = train_test_split(np.arange(101), test_size=0.2, random_state=7)
    assert set(np.flatnonzero(mask)) == set(test)


def test_stratified_keeps_each_class_share_and_the_total():
    labels = ["a"] * 70 + ["b"] * 25 + [None] * 6
    mask = chosen(table(__label__=labels), StratifiedSplit(type="stratified", test=0.2), 3)
    assert mask.sum() == 21
    assert mask[:70].sum() == 14
    assert mask[70:95].sum() in (5, 6)


def test_groups_stay_together():
    groups = [f"g{i % 17}" for i in range(200)]
    mask = chosen(table(__group__=groups), GroupSplit(type="group", by="g", test=0.3), 5)
    found = pd.Series(mask).groupby(groups).nunique()
    assert (found == 1).all()
    assert 0.3 <= mask.mean() < 0.4


@pytest.mark.parametrize(
    ("column", "test", "expected"),
    [
        (["train", "test", None, "test"], "test", [False, True, False, True]),
        ([True, False, None, False], False, [False, True, False, True]),
        (pa.array([1, 2, None, 2], pa.int16()), 2, [False, True, False, True]),
        (pa.array(["a", "b", None, "b"]).dictionary_encode(), "b", [False, True, False, True]),
    ],
)
def test_a_column_says_which_rows_are_tested(column, test, expected):
    given = ColumnSplit(type="column", by="part", test=test)
    assert chosen(table(__group__=column), given, 0).tolist() == expected


def test_a_value_that_the_column_cannot_hold_is_an_error():
    given = ColumnSplit(type="column", by="part", test="test")
    with pytest.raises(StepFailed, match="column 'part' is int64, and 'test', the test part's value, is not"):
        chosen(table(__group__=[1, 2]), given, 0)


def test_time_takes_the_last_stretch_open_at_its_beginning():
    mask = chosen(table(__time__=days(0, 10, 5, 9, 7)), TimeSplit(type="time", test=timedelta(days=3)), 0)
    assert mask.tolist() == [False, True, False, True, False]


def test_time_by_share_puts_ties_of_the_first_test_row_in_the_test_part():
    mask = chosen(table(__time__=days(0, 1, 1, 1, 2)), TimeSplit(type="time", test=0.4), 0)
    assert mask.tolist() == [False, True, True, True, True]


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
def test_the_seed_decides(seed):
    rows = table(x=list(range(50)))
    masks = [
        chosen(rows, RandomSplit(type="random", test=0.5), s).tolist()
        for s in (seed, seed, (seed + 1) % 2**32)
    ]
    assert masks[0] == masks[1] != masks[2]


def test_parts_keep_the_order_and_together_are_the_whole(tmp_path):
    rows = {"__row__": range(100), "x": range(100), "__label__": [0, 1] * 50}
    pd.DataFrame(rows).to_parquet(tmp_path / "table", index=False)
    operation = SplitRows(training="t", split=RandomSplit(type="random"), seed=1)
    outputs = {port: tmp_path / port for port in operation.output_ports()}
    split.run(operation, {"table": tmp_path / "table"}, outputs, Context(project=tmp_path))
    train, test = (pd.read_parquet(outputs[part])["x"] for part in ("train", "test"))
    assert train.is_monotonic_increasing
    assert test.is_monotonic_increasing
    assert sorted([*train, *test]) == list(range(100))
    assert len(test) == 20


@pytest.mark.parametrize("rows", [0, 1])
def test_an_empty_part_is_refused(tmp_path, rows):
    pd.DataFrame({"x": range(rows)}).to_parquet(tmp_path / "table", index=False)
    operation = SplitRows(training="t", split=RandomSplit(type="random"), seed=1)
    outputs = {"train": tmp_path / "train", "test": tmp_path / "test"}
    with pytest.raises(
        StepFailed, match=f"part of 't' would be empty: random split with test 0.2 of {rows} rows"
    ):
        split.run(operation, {"table": tmp_path / "table"}, outputs, Context(project=tmp_path))

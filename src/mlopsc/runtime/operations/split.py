"""Split: labelled rows into a train and a test part, each in the order that the rows had, and a look for leaks."""

from collections.abc import Mapping
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq

from mlopsc.diagnostics.errors import Refusal, StepFailed
from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import write_json
from mlopsc.runtime.engine.parquet import write_batches
from mlopsc.runtime.leakage import look_for_leaks
from mlopsc.vocabulary.artifacts import GROUP, LABEL, TIME
from mlopsc.vocabulary.operations import SplitRows
from mlopsc.vocabulary.splits import ColumnSplit, GroupSplit, RandomSplit, Split, StratifiedSplit, TimeSplit

Mask = np.ndarray[Any, np.dtype[np.bool_]]


def run(config: SplitRows, inputs: Mapping[str, Path], outputs: Mapping[str, Path], context: Context) -> None:  # noqa: ARG001
    """Write both parts and the report. Raises StepFailed when a part would be empty, then Refusal for leaks.

    Chance comes from NumPy's RandomState, whose sequence for a seed is the same in every version.
    """
    with inputs["table"].open("rb") as file:
        table = pq.read_table(file)
    test = test_rows(table, config.split, config.seed)
    parts = {"train": table.filter(pa.array(~test)), "test": table.filter(pa.array(test))}
    for port, part in parts.items():
        if not len(part):
            raise StepFailed(
                f"the {port} part of '{config.training}' would be empty: "
                f"{_described(config.split)} of {len(table)} rows",
                help="choose another `test`, or check `where` and `until`: too few rows are left",
            )
        write_batches(_reader(part), outputs[port])
    found = look_for_leaks(parts["train"], parts["test"], config.leakage, config.entity)
    write_json(outputs["report"], {"training": config.training, **found.document})
    for kind, lines in (("warning", found.warnings), ("error", found.failures)):
        for line in lines:
            print(f"{kind}: {config.training}: {line}")
    print(f"{config.training}: {len(parts['train'])} train rows, {len(parts['test'])} test rows")
    if found.failures:
        raise Refusal(f"training '{config.training}': {'; '.join(found.failures)}")


def test_rows(table: pa.Table, split: Split, seed: int) -> Mask:
    """Return which rows are of the test part.

    `random` takes ⌈share · n⌉ rows, as scikit-learn does. `stratified` does so in each class, rounding by largest
    remainders so that the total is the same. `group` takes whole groups in random order until the share is reached.
    `time` takes the rows later than the latest time less the stretch, or the latest share with all ties of its
    first row. `column` takes the rows that hold the value.
    """
    n = len(table)
    if not n:
        return np.zeros(0, dtype=bool)
    chance = np.random.RandomState(seed)
    match split:
        case RandomSplit():
            return _at(n, chance.permutation(n)[: ceil(split.test * n)])
        case StratifiedSplit():
            return _stratified(_codes(table.column(LABEL)), split.test, chance)
        case GroupSplit():
            return _grouped(_codes(table.column(GROUP)), split.test, chance)
        case TimeSplit():
            times = np.asarray(table.column(TIME).cast(pa.int64()))
            if split.stretch is not None:
                micros = split.stretch.total_seconds() * 1_000_000
                return np.asarray(times > times.max() - micros)
            assert isinstance(split.test, float)
            first = np.sort(times, kind="stable")[n - ceil(split.test * n)]
            return np.asarray(times >= first)
        case ColumnSplit():
            return _holding(table.column(GROUP), split)


def _at(n: int, positions: Any) -> Mask:
    mask = np.zeros(n, dtype=bool)
    mask[positions] = True
    return mask


def _codes(values: pa.ChunkedArray) -> Any:
    """Return the values as whole numbers from 0 in their sorted order; null, if any, comes last."""
    array = values.combine_chunks()
    encoded = array.dictionary_encode(null_encoding="encode")
    order = np.asarray(pa.compute.sort_indices(encoded.dictionary))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[np.asarray(encoded.indices)]


def _stratified(classes: Any, share: float, chance: np.random.RandomState) -> Mask:
    counts = np.bincount(classes)
    exact = counts * share
    taken = np.floor(exact).astype(np.int64)
    missing = ceil(share * len(classes)) - int(taken.sum())
    for index in np.argsort(-(exact - taken), kind="stable")[:missing]:
        taken[index] += 1
    rows = [chance.permutation(np.flatnonzero(classes == index))[:count] for index, count in enumerate(taken)]
    return _at(len(classes), np.concatenate(rows))


def _grouped(groups: Any, share: float, chance: np.random.RandomState) -> Mask:
    counts = np.bincount(groups)
    order = chance.permutation(len(counts))
    before = np.concatenate([[0], np.cumsum(counts[order])[:-1]])
    chosen = order[before < share * len(groups)]
    return np.asarray(np.isin(groups, chosen))


def _holding(values: pa.ChunkedArray, split: ColumnSplit) -> Mask:
    try:
        value = pa.scalar(split.test, values.type)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise StepFailed(
            f"column {split.by!r} is {values.type}, and {split.test!r}, the test part's value, is not"
        ) from error
    return np.asarray(pa.compute.equal(values, value).fill_null(False))


def _reader(table: pa.Table) -> pa.RecordBatchReader:
    return pa.RecordBatchReader.from_batches(table.schema, table.combine_chunks().to_batches())


def _described(split: Split) -> str:
    return f"{split.type} split with test {split.model_dump(mode='json')['test']!r}"

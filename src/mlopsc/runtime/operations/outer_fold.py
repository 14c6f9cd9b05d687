"""Outer fold: a part of the train part kept out of a whole search, to tell what its model is worth."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from mlopsc.runtime.context import Context
from mlopsc.runtime.engine.parquet import write_batches
from mlopsc.runtime.learning.frames import read_label
from mlopsc.runtime.tuning.folds import make_folds
from mlopsc.vocabulary.operations import OuterFold


def run(
    config: OuterFold,
    inputs: Mapping[str, Path],
    outputs: Mapping[str, Path],
    context: Context,  # noqa: ARG001
) -> None:
    """Write both parts, in the order that the rows had. Raises StepFailed when the rows cannot be folded."""
    folds = make_folds(inputs["train"], read_label(inputs["train"]), config.cv, config.seed)
    with inputs["train"].open("rb") as file:
        table = pq.read_table(file)
    for port, rows in zip(("train", "test"), folds[config.fold], strict=True):
        part = table.take(pa.array(rows)).combine_chunks()
        write_batches(pa.RecordBatchReader.from_batches(table.schema, part.to_batches()), outputs[port])
    learned, kept = map(len, folds[config.fold])
    print(f"{config.training}: outer fold {config.fold}: {learned} rows to search on, {kept} kept out")

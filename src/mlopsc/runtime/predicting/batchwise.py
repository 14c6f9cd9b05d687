"""The way of a prediction: rows are read, checked, given their features and put before the model, batch by batch."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.context import Context
from mlopsc.runtime.engine.connection import connect
from mlopsc.runtime.engine.parquet import read_schema, write_batches
from mlopsc.runtime.learning.fitted import open_model
from mlopsc.runtime.learning.frames import Feature, features_from, frame_of, kind_of
from mlopsc.runtime.learning.misfits import expected, misfit_error, shown
from mlopsc.runtime.learning.threads import steady_sums
from mlopsc.runtime.models.archive import LoadedModel
from mlopsc.runtime.predicting.answers import Oracle
from mlopsc.runtime.predicting.features import FeatureMaker, Made
from mlopsc.runtime.predicting.strangers import Strangers
from mlopsc.runtime.predicting.wanted import check_kinds, feature_step, wanted_columns
from mlopsc.runtime.sources.batches import SHOWN, Batches, Unfit, open_batches
from mlopsc.runtime.sources.remote.reach import Reach
from mlopsc.vocabulary.columns import Column
from mlopsc.vocabulary.operations import Predict
from mlopsc.vocabulary.predicting import DIGEST, PREDICTION, ROW
from mlopsc.vocabulary.sources import FileSource

_ASKED = 1 << 16
"""Rows that a model is asked about at once. A batch of the input is a few times as many, by its columns."""
_CELLS = 1 << 22


@dataclass
class _Counts:
    """What became of the input's rows."""

    read: int = 0
    predicted: int = 0
    untimed: int = 0
    excluded: int = 0
    infinite: int = 0


def predict_file(
    config: Predict,
    source: FileSource,
    inputs: Mapping[str, Path],
    out: Path,
    context: Context,
) -> dict[str, Any]:
    """Write predictions for the rows of a source, and return the report on them.

    Raises StepFailed for an input that does not suit the model, MlopscError for a file that cannot be read, StoreError
    for a model that cannot be loaded; then nothing is written.
    """
    model = open_model(inputs["model"], config.code, context.project, types=config.trust)
    features = features_from(model.signature)
    counts = _Counts()
    try:
        with (
            open_batches(
                source,
                context.project,
                reach=Reach.of(config.allow_hosts),
                seen=context.seen,
                threads=context.threads,
            ) as batches,
            steady_sums(context.threads),
        ):
            made = _predicted(config, batches, inputs, model, features, counts, context)
            first = next(made)
            write_batches(_Reader(first.schema, chain([first], made)), out)
    except BaseException:
        out.unlink(missing_ok=True)
        raise
    return _report(config, model, counts)


@dataclass(frozen=True)
class _Reader:
    """Tables as a reader of record batches."""

    schema: pa.Schema
    tables: Iterable[pa.Table]

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for table in self.tables:
            yield from table.to_batches()


def _predicted(
    config: Predict,
    source: Batches,
    inputs: Mapping[str, Path],
    model: LoadedModel,
    features: tuple[Feature, ...],
    counts: _Counts,
    context: Context,
) -> Iterator[pa.Table]:
    """Yield predictions with their keys, at least one table though it be empty."""
    oracle, step = Oracle(model.estimator), feature_step(config, features)
    keys = _keys(config, oracle)
    views = {join.view: inputs[f"view_{join.view}"] for join in step.joins}
    columns = wanted_columns(
        config,
        step,
        features,
        source.columns,
        {view: read_schema(path) for view, path in views.items()},
        label=source.label,
        connection=source.connection,
    )
    rows = _ASKED * max(1, min(8, _CELLS // _ASKED // len(columns)))
    unfit: list[Unfit] = []
    unfit_count = 0
    strangers = Strangers.of(model.signature)
    with connect(*views.values(), threads=context.threads) as connection:
        maker = FeatureMaker(step, keys, connection, views, context.project)
        for batch in source.read(columns, config.timezone or "UTC", rows):
            unfit += batch.unfit[: SHOWN - len(unfit)]
            unfit_count += batch.unfit_count
            if unfit_count:
                continue  # the rest is only looked through
            made = maker.make(batch.table, batch.first)
            if not counts.read:
                kinds = {name: kind_of(made.features.schema.field(name).type) for name in step.features}
                check_kinds(kinds, features, config.training)
            counts.read += batch.table.num_rows
            counts.untimed += made.untimed
            counts.excluded += made.excluded
            if strangers is not None and strangers.among(made, features, batch):
                continue  # as above
            for at in range(0, max(1, made.features.num_rows), _ASKED):
                part = made.part(at, _ASKED)
                table = _beside(part, oracle, features, model.digest, row=not config.primary_key)
                counts.predicted += table.num_rows
                counts.infinite += _infinite(table.column(PREDICTION))
                yield table
    if unfit_count:
        raise _refused(config, source, columns, features, unfit, unfit_count)
    if strangers is not None and strangers.count:
        raise strangers.error(source, config.model)


def _beside(made: Made, oracle: Oracle, features: tuple[Feature, ...], digest: str, *, row: bool) -> pa.Table:
    """Return the answers beside the keys, or the number of the row, and the model's digest."""
    count = made.features.num_rows
    answers = (
        oracle.ask(frame_of(made.features, features))
        if count
        else [pa.array([], field.type) for field in oracle.fields]
    )
    named = {ROW: pc.add(made.positions, 1)} if row else {}
    named |= {name: made.keys.column(name) for name in made.keys.column_names}
    named |= {field.name: answer for field, answer in zip(oracle.fields, answers, strict=True)}
    named[DIGEST] = pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), [digest])
    return pa.table(named)


def _infinite(values: pa.ChunkedArray) -> int:
    """Return how many predictions are no finite number."""
    return pc.sum(pc.invert(pc.is_finite(values))).as_py() or 0 if pa.types.is_floating(values.type) else 0


def _keys(config: Predict, oracle: Oracle) -> tuple[str, ...]:
    """Return the columns of the input that stand beside the predictions."""
    keys = dict.fromkeys([*config.primary_key, *filter(None, [config.event_time])])
    ours = {DIGEST, *(one.name for one in oracle.fields), *([] if config.primary_key else [ROW])}
    for name in keys:
        if name in ours:
            raise StepFailed(
                f"column '{name}' tells rows apart, and is what a column of the predictions is called",
                help="give it another name in an SQL view, and train on that",
            )
    return tuple(keys)


def _refused(
    config: Predict,
    source: Batches,
    columns: Mapping[str, Column],
    features: tuple[Feature, ...],
    unfit: list[Unfit],
    count: int,
) -> StepFailed:
    kinds = {feature.name: feature.kind for feature in features}
    wanted = {name: expected(column, kinds.get(name)) for name, column in columns.items()}
    cells = [
        f"{place}: column '{one.column}' holds {shown(one.value)}, expected {wanted[one.column]}"
        for place, one in zip(source.places(unfit), unfit, strict=True)
    ]
    return misfit_error(f"{source.label} does not suit {config.model}", cells, count)


def _report(config: Predict, model: LoadedModel, counts: _Counts) -> dict[str, Any]:
    return {
        "model": config.model,
        "model_digest": model.digest,
        "task": model.signature["task"],
        "classes": model.signature["classes"],
        "features": [feature["name"] for feature in model.signature["features"]],
        "rows": {
            "read": counts.read,
            "predicted": counts.predicted,
            "without_event_time": counts.untimed,
            "outside_population": counts.excluded,
        },
        "problems": list(_problems(config, counts)),
    }


def _problems(config: Predict, counts: _Counts) -> Iterator[str]:
    if not counts.read:
        yield "the input has no rows"
    if counts.untimed:
        yield f"left out for want of a time: {_rows(counts.untimed)} in which '{config.event_time}' is null"
    if counts.excluded:
        yield f"left out by `where`: {_rows(counts.excluded)} in which {config.where!r} does not hold"
    if counts.infinite:
        yield f"no finite number: the prediction of {_rows(counts.infinite)}"


def _rows(count: int) -> str:
    return f"{count} row" if count == 1 else f"{count} rows"

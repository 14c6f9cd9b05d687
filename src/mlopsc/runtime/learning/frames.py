"""Feature tables as scikit-learn takes them: numbers and booleans float64, strings objects, null NaN.

One representation for every integer, float, decimal and boolean type means that a model fitted on a column
without nulls also takes the same column with nulls, and a frame of another origin once it is `conform`ed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mlopsc.diagnostics.errors import MlopscError, StepFailed, StoreError
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.runtime.learning.misfits import SHOWN, WORDS, misfit_error, shown
from mlopsc.vocabulary.artifacts import LABEL, ROW, auxiliary

Kind = Literal["numeric", "boolean", "string"]
Values = npt.NDArray[Any]


@dataclass(frozen=True)
class Feature:
    """A column that a model sees; `type` is the Arrow type of the table that it was fitted on."""

    name: str
    kind: Kind
    type: str


def read_schema(path: Path) -> pa.Schema:
    """Return a table's schema; raises StoreError when the file is no Parquet."""
    with _open(path) as file:
        return file.schema_arrow


def held_as(name: str, names: Sequence[str]) -> str:
    """Return what a feature table with these columns calls a feature, or else a column of the entities."""
    return name if name in names else auxiliary(name)


def features_of(schema: pa.Schema, names: Sequence[str]) -> tuple[Feature, ...]:
    """Return the named columns as features.

    Raises StepFailed for a column that is not there or whose type no model takes (times, lists, bytes).
    """
    return tuple(_feature(schema, name) for name in names)


def _feature(schema: pa.Schema, name: str) -> Feature:
    if name not in schema.names:
        there = ", ".join(column for column in schema.names if not column.startswith("__"))
        raise StepFailed(f"feature {name!r} is not in the table; its columns: {there}")
    type_ = schema.field(name).type
    kind = kind_of(type_)
    if kind is None:
        raise StepFailed(
            f"feature {name!r} is a {type_}: expected a number, a boolean or a string",
            help="derive a number from it in an SQL view, such as the hour, or the days since an event",
        )
    return Feature(name, kind, str(type_))


def kind_of(type_: pa.DataType) -> Kind | None:
    """Return how a column of this type is treated, or None where a model cannot take it."""
    if pa.types.is_dictionary(type_):
        return kind_of(type_.value_type)
    if pa.types.is_boolean(type_):
        return "boolean"
    if pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_):
        return "numeric"
    if pa.types.is_null(type_):
        return "numeric"
    text = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return "string" if any(is_text(type_) for is_text in text) else None


def read_features(path: Path, features: Sequence[Feature]) -> pd.DataFrame:
    """Return the features of a table, in their order; raises StoreError when the file is no Parquet."""
    with _open(path) as file:
        return frame_of(file.read(columns=[feature.name for feature in features]), features)


def frame_of(table: pa.Table, features: Sequence[Feature]) -> pd.DataFrame:
    """Return the features of a table in memory, in their order."""
    index = pd.RangeIndex(table.num_rows)
    return _frame({one.name: _to_values(table.column(one.name), one) for one in features}, index)


def _frame(columns: Mapping[str, Values], index: pd.Index) -> pd.DataFrame:
    # Of an array of objects alone pandas would make its own strings.
    series = {
        name: pd.Series(values, index=index, dtype=values.dtype, copy=False)
        for name, values in columns.items()
    }
    return pd.DataFrame(series, index=index, copy=False)


def _to_values(column: pa.ChunkedArray, feature: Feature) -> Values:
    if feature.kind != "string":
        return _to_floats(column)
    whole = column if pa.types.is_dictionary(column.type) else column.cast(pa.string()).dictionary_encode()
    encoded = whole.combine_chunks()
    labels = np.array([*encoded.dictionary.to_pylist(), np.nan], dtype=object)
    codes = encoded.indices.fill_null(len(labels) - 1).to_numpy(zero_copy_only=False)
    values: Values = labels[codes]
    return values


def _to_floats(column: pa.ChunkedArray) -> Values:
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.uint8())
    values: Values = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return values


def read_label(path: Path) -> Values:
    """Return the label: booleans, int64, float64 or an object array of strings.

    Raises StepFailed when there is no label, a null among them, or a type that cannot be learned.
    """
    with _open(path) as file:
        if LABEL not in file.schema_arrow.names:
            raise StepFailed("the table has no label: expected a feature table with labels")
        column = file.read(columns=[LABEL]).column(LABEL)
    if column.null_count:
        raise StepFailed(f"{column.null_count} labels are null: rows without a label leave the table before")
    if pa.types.is_boolean(column.type) or pa.types.is_integer(column.type):
        return np.asarray(column.to_numpy(zero_copy_only=False))
    match kind_of(column.type):
        case "numeric":
            return _to_floats(column)
        case "string":
            return np.array(column.to_pylist(), dtype=object)
        case _:
            raise StepFailed(f"the label is a {column.type}: expected a boolean, a number or a string")


def read_rows(path: Path) -> npt.NDArray[np.uint64]:
    """Return the hashes that identify a feature table's rows, in their order."""
    with _open(path) as file:
        column = file.read(columns=[ROW]).column(ROW)
        return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.uint64)


def conform(frame: pd.DataFrame, features: Sequence[Feature]) -> pd.DataFrame:
    """Return a frame's features as `read_features` would give them, whatever dtypes it has.

    Other columns are left out. Raises MlopscError for a missing column, and for cells that are no numbers where numbers
    belong, by row (from 1) and column.
    """
    missing = [feature.name for feature in features if feature.name not in frame.columns]
    if missing:
        raise MlopscError(
            f"the table lacks features of the model: {', '.join(missing)}",
            help=did_you_mean(missing[0], map(str, frame.columns), noun="it has"),
        )
    made = {one.name: _conformed(frame[one.name], one) for one in features}
    found = {name: values for name, values in made.items() if values is not None}
    if len(found) < len(made):
        raise _misfits(frame, [one for one in features if made[one.name] is None])
    return _frame(found, frame.index)


def _conformed(column: "pd.Series[Any]", feature: Feature) -> Values | None:
    """Return a column's values, None when some are not of the feature's kind."""
    if feature.kind == "string":
        values = column.astype(object).to_numpy(copy=True)
        values[column.isna().to_numpy()] = np.nan
        return values
    try:
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError, OverflowError):
        return None


def _misfits(frame: pd.DataFrame, features: Sequence[Feature]) -> MlopscError:
    """Return the error that tells the cells of these features that are no numbers."""
    cells, count = [], 0
    for feature in features:
        values = frame[feature.name]
        rows = np.flatnonzero([not _is_number(value) for value in values] & values.notna().to_numpy())
        count += len(rows)
        wanted = WORDS[feature.kind]
        cells += [(row, feature.name, values.iloc[row], wanted) for row in rows[:SHOWN].tolist()]
    told = [
        f"row {row + 1}: column '{name}' holds {shown(value)}, expected {wanted}"
        for row, name, value, wanted in sorted(cells, key=lambda one: one[0])[:SHOWN]
    ]
    return misfit_error("the table does not suit the model", told, count)


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError, OverflowError):
        return False
    return True


def features_from(signature: Mapping[str, Any]) -> tuple[Feature, ...]:
    """Return the features that a model's signature names."""
    return tuple(Feature(one["name"], one["kind"], one["type"]) for one in signature["features"])


def _open(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise StoreError(f"{path.name} cannot be read as Parquet: {error}") from error

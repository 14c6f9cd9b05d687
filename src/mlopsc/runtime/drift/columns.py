"""Tables of any kind (pandas, polars, pyarrow, CSV or Parquet files) as plain columns to compare.

What a column means:

- integers, floats and decimals are `numeric`, as float64; NaN is missing, infinities are values, -0.0 is 0.0;
- timestamps and dates are `datetime`: microseconds since 1970 in UTC (naive is UTC); times of day and
  durations are `numeric`, in microseconds;
- booleans are `boolean`, with the labels `false` and `true`;
- text is `categorical`, each value its own label; so are pandas', polars' and Arrow's categories, by their
  text;
- an object column whose values share one of these meanings has it; one of mixed types is `categorical`, where
  text stands for itself and any other value for its type and repr, so that `5` and `'5'` differ;
- a column without any value has no kind: it takes the kind of the column that it is compared with.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mlopsc.diagnostics.errors import SpecError, StoreError
from mlopsc.vocabulary.drift import ColumnKind

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

_NUMBERS = (int, float, Decimal, np.number)
_MAY_BE_MISSING = frozenset({"float", "float64", "float32", "Decimal", "NAType", "NaTType"})


@dataclass(frozen=True)
class Numbers:
    """The distinct values of a `numeric` or `datetime` column, ascending, without missing ones.

    `through` counts the rows whose value is at most each of them.
    """

    kind: ColumnKind
    rows: int
    values: Floats
    through: Counts

    @classmethod
    def of(cls, kind: ColumnKind, rows: int, ordered: Floats, counts: Counts | None = None) -> "Numbers":
        """Count ascending values, at least one; with `counts`, each stands for so many rows."""
        first = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
        ends = np.append(first[1:], len(ordered)).astype(np.int64)
        through = ends if counts is None else np.cumsum(counts, dtype=np.int64)[ends - 1]
        return cls(kind, rows, ordered[first], through)

    @property
    def count(self) -> int:
        return int(self.through[-1])

    @property
    def missing(self) -> int:
        return self.rows - self.count

    def up_to(self, points: Floats) -> Counts:
        """Return how many values are at most each of the points."""
        return self._before(np.searchsorted(self.values, points, side="right"))

    def less_than(self, points: Floats) -> Counts:
        """Return how many values are less than each of the points."""
        return self._before(np.searchsorted(self.values, points, side="left"))

    def _before(self, places: npt.NDArray[np.intp]) -> Counts:
        found: Counts = np.concatenate(([0], self.through))[places]
        return found


@dataclass(frozen=True)
class Labels:
    """The values of a `categorical` or `boolean` column: how often each label occurs, without missing
    ones."""

    kind: ColumnKind
    rows: int
    counts: Mapping[str, int]

    @property
    def missing(self) -> int:
        return self.rows - sum(self.counts.values())


@dataclass(frozen=True)
class NoValues:
    """A column of nothing but missing values, or of no rows."""

    rows: int

    @property
    def missing(self) -> int:
        return self.rows


Column = Numbers | Labels | NoValues


@dataclass(frozen=True)
class Table:
    """A table whose columns are read one at a time, when asked for."""

    names: tuple[str, ...]
    rows: int
    read: Callable[[str], Column]

    def select(self, columns: Iterable[str] | None) -> tuple[str, ...]:
        """Return `columns`, or all names when None. Raises SpecError for one that the table lacks."""
        names = self.names if columns is None else tuple(dict.fromkeys(columns))
        for name in names:
            if name not in self.names:
                raise SpecError(
                    f"unknown column {name!r}: the table has {_listed(self.names)}",
                    help=suggest(name, self.names),
                )
        return names


def suggest(name: str, known: Iterable[str]) -> str | None:
    """Return a question after the known name that `name` is most like, if any is."""
    close = get_close_matches(name, list(known), n=1)
    return f"did you mean {close[0]!r}?" if close else None


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:10]) + (", …" if len(names) > 10 else "") if names else "no columns"


def open_table(table: Any) -> Table:
    """Return the columns of a pandas or polars DataFrame, a pyarrow Table, a CSV or Parquet file; a Table as it is.

    A file is Parquet when its first bytes say so, whatever its name; otherwise it is read as CSV.
    Raises SpecError for anything else and for a column name that occurs twice, StoreError for an unreadable
    file.
    """
    if isinstance(table, Table):
        return table
    if isinstance(table, str | Path):
        table = _read_file(Path(table))
    elif type(table).__module__.partition(".")[0] == "polars" and hasattr(table, "to_arrow"):
        table = table.to_arrow()
    if isinstance(table, pa.Table):
        arrow = table
        names, rows = arrow.column_names, arrow.num_rows

        def read(name: str) -> Column:
            return _from_arrow(name, arrow.column(name), arrow.num_rows)
    elif type(table).__module__.partition(".")[0] == "pandas" and hasattr(table, "columns"):
        names, rows = [str(name) for name in table.columns], len(table)
        series = {str(name): index for index, name in enumerate(table.columns)}

        def read(name: str) -> Column:
            return _from_pandas(name, table.iloc[:, series[name]])
    else:
        raise SpecError(
            f"expected a table, found {type(table).__name__}",
            help="pass a pandas or polars DataFrame, a pyarrow Table, or the path of a CSV or Parquet file",
        )
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise SpecError(
            f"column {twice[0]!r} occurs {names.count(twice[0])} times", help="give columns unique names"
        )
    return Table(tuple(names), rows, read)


def _read_file(path: Path) -> pa.Table:
    try:
        with path.open("rb") as file:
            is_parquet = file.read(4) == b"PAR1"
        if is_parquet:
            import pyarrow.parquet

            return pyarrow.parquet.read_table(path)
        import pyarrow.csv

        options = pyarrow.csv.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=False)
        return pyarrow.csv.read_csv(path, convert_options=options)
    except (OSError, pa.ArrowException) as error:
        raise StoreError(
            f"cannot read the table {path}: {error}", help="expected a CSV or Parquet file"
        ) from error


def _from_pandas(name: str, series: Any) -> Column:
    dtype = series.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "iuf":
        return _numbers("numeric", len(series), series.to_numpy(dtype=np.float64))
    if pd.api.types.is_object_dtype(dtype):
        return _from_objects(name, series.tolist())
    return _from_arrow(name, pa.array(series, from_pandas=True), len(series))


def _from_objects(name: str, values: list[Any]) -> Column:
    """Give an object column the meaning that its values share, or else labels that keep unlike types
    apart."""
    rows, present = len(values), [value for value in values if not _is_missing(value)]
    types = {type(value) for value in present}
    if all(issubclass(kind, _NUMBERS) for kind in types) and bool not in types:
        return _numbers("numeric", rows, np.fromiter(map(float, present), np.float64, len(present)))
    if all(issubclass(kind, bool | np.bool_ | date | time | timedelta) for kind in types):
        try:
            return _from_arrow(name, pa.array(present), rows)
        except pa.ArrowException:
            pass  # instants and times of day, say, in one column
    return _labels("categorical", rows, Counter(map(_label, present)))


def _is_missing(value: Any) -> bool:
    return value is None or (type(value).__name__ in _MAY_BE_MISSING and bool(pd.isna(value)))


def _label(value: Any) -> str:
    return value if isinstance(value, str) else f"{type(value).__name__}({value!r})"


def from_counts(name: str, values: pa.Array | pa.ChunkedArray, counts: Counts, rows: int) -> Column:
    """Return the column of `rows` rows where each of the distinct values, none of them null, stands `counts` times."""
    return _from_arrow(name, values, rows, counts)


def _from_arrow(
    name: str, array: pa.Array | pa.ChunkedArray, rows: int, counts: Counts | None = None
) -> Column:
    kind = array.type
    if pa.types.is_dictionary(kind):
        found = _count(array.cast(kind.value_type), counts)
        return _labels("categorical", rows, ((str(value), count) for value, count in found))
    if pa.types.is_null(kind):
        return NoValues(rows)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _numbers("numeric", rows, _to_floats(array), counts)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        instants = array.cast(pa.timestamp("us", getattr(kind, "tz", None)), safe=False)
        return _numbers("datetime", rows, _to_floats(instants.cast(pa.int64())), counts)
    if pa.types.is_time(kind) or pa.types.is_duration(kind):
        unit = pa.time64("us") if pa.types.is_time(kind) else pa.duration("us")
        whole = array.cast(unit, safe=False).cast(pa.int64())
        return _numbers("numeric", rows, _to_floats(whole), counts)
    if pa.types.is_boolean(kind):
        return _labels("boolean", rows, _count(array.cast(pa.string()), counts))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return _labels("categorical", rows, _count(array, counts))
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        found = _count(array, counts)
        return _labels("categorical", rows, ((_label(value), count) for value, count in found))
    raise SpecError(
        f"column {name!r} has the type {kind}, which drift tests cannot compare",
        help="leave it out of `columns`, or derive numbers or text from it",
    )


def _to_floats(array: pa.Array | pa.ChunkedArray) -> Floats:
    if not pa.types.is_floating(array.type):
        array = array.cast(pa.float64(), safe=False)
    return np.asarray(array.drop_null().to_numpy(), dtype=np.float64)


def _count(array: pa.Array | pa.ChunkedArray, counts: Counts | None) -> Iterable[tuple[Any, int]]:
    if counts is not None:
        return zip(array.to_pylist(), counts.tolist(), strict=True)
    found = pc.value_counts(array.drop_null())
    return zip(found.field("values").to_pylist(), found.field("counts").to_pylist(), strict=True)


def _numbers(kind: ColumnKind, rows: int, values: Floats, counts: Counts | None = None) -> Numbers | NoValues:
    if counts is None:
        values = np.sort(values)
    else:
        order = np.argsort(values, kind="stable")
        values, counts = values[order], counts[order]
    known = len(values) - int(np.isnan(values).sum())  # NaN is last
    if not known:
        return NoValues(rows)
    ordered = values[:known] + 0.0  # -0.0 becomes 0.0
    return Numbers.of(kind, rows, ordered, None if counts is None else counts[:known])


def _labels(
    kind: ColumnKind, rows: int, counts: Mapping[str, int] | Iterable[tuple[str, int]]
) -> Labels | NoValues:
    found = dict(counts)
    return Labels(kind, rows, found) if found else NoValues(rows)

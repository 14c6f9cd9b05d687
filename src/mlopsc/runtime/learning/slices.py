"""Slices: the rows of a feature table divided by values, bins, combinations of columns, or conditions in SQL.

Null is a slice of its own everywhere, so that the slices of one division together are all rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.learning.frames import held_as, kind_of, read_schema
from mlopsc.vocabulary.artifacts import AUXILIARY, RESERVED
from mlopsc.vocabulary.evaluation import Slice

Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]
NULL = "null"
VALUES = 50
"""At most so many values of a division, the commonest, are slices of their own; the others are together."""


@dataclass(frozen=True, eq=False)
class Part:
    """The rows of one slice."""

    of: str
    """What the division is called."""
    label: str
    rows: Mask
    min_rows: int

    @property
    def too_few(self) -> bool:
        """Whether it is counted, and not measured."""
        return int(np.count_nonzero(self.rows)) < self.min_rows


def parts_of(table: Path, slices: Sequence[Slice]) -> Iterator[Part]:
    """Yield the slices of a feature table: values in their order, bins rising, the other values, null last.

    Raises StepFailed for a column that is not there or does not suit, and for SQL that is not one harmless expression.
    """
    for one in slices:
        codes, labels = divided(table, one)
        for code, label in enumerate(labels):
            rows = codes == code
            if rows.any():
                yield Part(one.called, label, rows, one.min_rows)


def value_codes(table: Path, names: Sequence[str], between: str = ", ") -> tuple[Codes, list[str]]:
    """Return for each row which combination of the columns' values it has, and what each is called; null is a value.

    Columns are features, or columns of the entities. Raises StepFailed for one that is not there.
    """
    codes, called, _ = _combinations([_column(table, name) for name in names], between)
    return codes, called


def divided(table: Path, one: Slice) -> tuple[Codes, list[str]]:
    """Return for each row which slice it is in, and what slices are called, some of which may have no rows.

    Raises StepFailed as `parts_of` does.
    """
    if one.sql is not None:
        return _of_values([_condition(table, one.called, one.sql)])
    columns = [_column(table, name) for name in one.read]
    if one.bins is None and one.quantiles is None:
        return _of_values(columns)
    return _of_bins(columns[0], one)


def _column(table: Path, name: str) -> pa.Array:
    """Return a feature's values, or those of a column of the entities that is none."""
    schema = read_schema(table)
    stored = held_as(name, schema.names)
    if stored not in schema.names:
        raise StepFailed(f"column '{name}' is not in the table")
    with table.open("rb") as file:
        return pq.read_table(file, columns=[stored]).column(stored).combine_chunks()


def _of_values(columns: Sequence[pa.Array]) -> tuple[Codes, list[str]]:
    """Return the place of each row among the commonest combinations of values, the others in one, and their names."""
    places, names, counts = _combinations(columns)
    if len(names) <= VALUES:
        return places, names
    shown = np.sort(np.argsort(-counts, kind="stable")[:VALUES])
    new = np.full(len(names), VALUES)
    new[shown] = np.arange(VALUES)
    return new[places], [*(names[place] for place in shown.tolist()), f"{len(names) - VALUES} other values"]


def _combinations(columns: Sequence[pa.Array], between: str = ", ") -> tuple[Codes, list[str], Codes]:
    """Return the place of each row among the combinations of values that there are, their names, and how many rows
    each has."""
    coded = [_encoded(column) for column in columns]
    places = np.zeros(len(columns[0]), dtype=np.int64)
    for codes, labels in coded:
        places = places * len(labels) + codes
    there, places, counts = np.unique(places, return_inverse=True, return_counts=True)
    names = _named(there.tolist(), [labels for _, labels in coded], between)
    if len(set(names)) < len(names):  # text that reads as null, or as several values
        quoted = [[*(f"'{label}'" for label in labels[:-1]), labels[-1]] for _, labels in coded]
        names = _named(there.tolist(), quoted, between)
    return places, names, counts


def _encoded(column: pa.Array) -> tuple[Codes, list[str]]:
    """Return each value's place in their order, null last, and the values as text."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    encoded = column.dictionary_encode()
    order = np.asarray(pc.sort_indices(encoded.dictionary))
    rank = np.empty(len(order) + 1, dtype=np.int64)
    rank[order] = np.arange(len(order))
    rank[-1] = len(order)
    codes = rank[encoded.indices.fill_null(len(order)).to_numpy(zero_copy_only=False)]
    return codes, [*(_written(value) for value in encoded.dictionary.take(pa.array(order)).to_pylist()), NULL]


def _named(places: Sequence[int], labels: Sequence[Sequence[str]], between: str) -> list[str]:
    return [_combined(place, labels, between) for place in places]


def _combined(place: int, labels: Sequence[Sequence[str]], between: str) -> str:
    words = []
    for one in reversed(labels):
        place, code = divmod(place, len(one))
        words.append(one[code])
    return between.join(reversed(words))


def _of_bins(column: pa.Array, one: Slice) -> tuple[Codes, list[str]]:
    if kind_of(column.type) != "numeric":
        raise StepFailed(f"slices '{one.called}' are bins of a {column.type}: expected numbers")
    values = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    missing = np.isnan(values)
    edges = np.asarray(one.bins or _quantiles(values[~missing], one.quantiles or 1), dtype=np.float64)
    codes = np.searchsorted(edges, values, side="right")
    codes[missing] = len(edges) + 1
    return codes, [*_bin_names(edges.tolist()), NULL]


def _quantiles(values: npt.NDArray[np.float64], parts: int) -> list[float]:
    """Return the inner edges; values that are drawn to one edge make fewer bins."""
    if not len(values):
        return []
    cuts = np.quantile(values, np.linspace(0, 1, parts + 1)[1:-1], method="inverted_cdf")
    return sorted({cut for cut in cuts.tolist() if cut > values.min()})


def _bin_names(edges: list[float]) -> list[str]:
    if not edges:
        return ["all"]
    shown = [_written(edge) for edge in edges]
    between = [f"{low} to < {high}" for low, high in pairwise(shown)]
    return [f"< {shown[0]}", *between, f"≥ {shown[-1]}"]


def _condition(table: Path, name: str, sql: str) -> pa.Array:
    """Return for each row whether an SQL condition over the entities' columns holds."""
    from mlopsc.runtime.engine.connection import connect
    from mlopsc.runtime.engine.parquet import describe
    from mlopsc.runtime.engine.statement import column, identifier, named, select, text
    from mlopsc.runtime.tables import numbered
    from mlopsc.runtime.view_tables import checked

    position = "__position__"
    stored = {stored: stored.removeprefix(AUXILIARY) for stored in read_schema(table).names}
    seen = {name: stored for stored, name in stored.items() if not name.startswith(RESERVED)}
    with connect(table, threads=1) as connection:
        listed = [named(column(kept), name) for name, kept in seen.items()]
        rows = select(*listed, column(position), source=numbered(table, position))
        condition = checked(connection, sql, describe(connection, rows), f"slices '{name}'")
        query = f"SELECT cast((\n{condition}\n) AS boolean) FROM ({text(rows)}) ORDER BY {text(identifier(position))}"  # noqa: S608
        return pa.array([row[0] for row in connection.execute(query).fetchall()], pa.bool_())


def _written(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case float():
            return f"{value:.6g}"
        case _:
            return str(value)

"""Features of a batch of the input: what training does to entities, done to these rows, with the same statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from mlopsc.runtime.engine.parquet import describe
from mlopsc.runtime.engine.statement import column, identifier, named, select, text
from mlopsc.runtime.feature_query import ENTITIES, POSITION, choose, join_views, made_features, open_views
from mlopsc.runtime.row_functions import RowFunctions
from mlopsc.runtime.view_tables import ViewTable
from mlopsc.vocabulary.operations import Features

if TYPE_CHECKING:
    import duckdb

_KEY, _FEATURE = "__key__", "__feature__"


@dataclass(frozen=True)
class Made:
    """What became of a batch: rows to predict for, in the input's order."""

    positions: pa.ChunkedArray | pa.Array
    """The row's place in the input, from 0 (int64)."""
    keys: pa.Table
    features: pa.Table
    untimed: int
    """Rows left out because they have no event time."""
    excluded: int
    """Rows left out because `where` does not hold."""

    def part(self, start: int, rows: int) -> "Made":
        """Return some of the rows, with the counts of all."""
        return replace(
            self,
            positions=self.positions.slice(start, rows),
            keys=self.keys.slice(start, rows),
            features=self.features.slice(start, rows),
        )


class FeatureMaker:
    """Makes the features of one batch after the other; `connection` can read the joined tables' files."""

    def __init__(
        self,
        step: Features,
        keys: Sequence[str],
        connection: "duckdb.DuckDBPyConnection",
        views: Mapping[str, Path],
        project: Path,
    ) -> None:
        self._step = step
        self._keys = keys
        self._connection = connection
        self._files = views
        self._functions = RowFunctions(step.rows, project)
        self._views: tuple[ViewTable, ...] | None = None

    def make(self, batch: pa.Table, first: int) -> Made:
        """Return the features of a batch, `first` being the place of its first row."""
        untimed = batch.column(self._step.event_time).null_count if self._step.event_time else 0
        positions = pa.array(np.arange(first, first + batch.num_rows), pa.int64())
        if self._step.joins or self._step.rows or self._step.where is not None:
            return self._queried(batch.append_column(POSITION, positions), untimed)
        if untimed:
            there = pc.is_valid(batch.column(self._step.event_time))
            batch, positions = batch.filter(there), positions.filter(there.combine_chunks())
        return Made(positions, batch.select(self._keys), batch.select(self._step.features), untimed, 0)

    def _queried(self, batch: pa.Table, untimed: int) -> Made:
        connection, step = self._connection, self._step
        connection.register(ENTITIES, batch)
        columns = describe(connection, exp.table_(identifier(ENTITIES)))
        if self._views is None:
            choose(connection, step, columns, hashed=False)
            self._views = open_views(connection, step.joins, self._files)
        table = join_views(self._views, columns)
        keys = [named(column(name), f"{_KEY}{n}") for n, name in enumerate(self._keys)]
        made = made_features(step, columns)
        features = [named(value, f"{_FEATURE}{n}") for n, value in enumerate(made.values())]
        query = select(column(POSITION), *keys, *features, source=table).order_by(column(POSITION))
        found = connection.sql(text(query)).to_arrow_table()
        plain = found.select([f"{_FEATURE}{n}" for n in range(len(features))]).rename_columns(list(made))
        return Made(
            found.column(POSITION),
            found.select([f"{_KEY}{n}" for n in range(len(keys))]).rename_columns(list(self._keys)),
            self._functions.derive(plain).select(list(step.features)),
            untimed,
            batch.num_rows - untimed - found.num_rows,
        )

"""Users' functions of rows: columns made of each row by itself, batch by batch."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.engine.connection import connect
from mlopsc.runtime.engine.parquet import canonical, describe
from mlopsc.runtime.engine.statement import fragment, named, text
from mlopsc.runtime.returned import as_declared, returned, typed
from mlopsc.runtime.user_code import load, resolve_reference
from mlopsc.vocabulary.columns import to_duckdb
from mlopsc.vocabulary.views import RowFunction

if TYPE_CHECKING:
    import pyarrow as pa

_FEW = 1000
_TRIED = 50
"""So many of the first rows are given to a function again, alone."""


@dataclass(frozen=True)
class Derived:
    """Tables with what functions made of their rows; `schema` is that of each."""

    schema: "pa.Schema"
    tables: Iterable["pa.Table"]

    def __iter__(self) -> Iterator["pa.RecordBatch"]:
        for table in self.tables:
            yield from table.to_batches()


class RowFunctions:
    """A step's functions, loaded once; each gets the columns that it names, those of functions before it among them."""

    def __init__(self, functions: Sequence[RowFunction], project: Path) -> None:
        self._functions = [(one, load(resolve_reference(one.python), project)) for one in functions]
        self._tried: set[str] = set()

    def over(self, reader: Any, names: Sequence[str]) -> Derived:
        """Return what a reader of batches gives, with the functions' columns: those named, in that order."""
        import pyarrow as pa

        batches = (pa.Table.from_batches([batch]) for batch in reader)
        made = (self.derive(table).select(list(names)) for table in batches)
        first = next(made, None)
        if first is None:
            first = self.derive(reader.schema.empty_table()).select(list(names))
        return Derived(first.schema, chain([first], made))

    def derive(self, table: "pa.Table") -> "pa.Table":
        """Return the table with the functions' columns.

        Raises StepFailed when a function returns other columns, types or rows than declared, or another answer for the
        first rows when it gets them alone: then it looks at more than a row, and would answer differently in use.
        """
        for one, function in self._functions:
            given = table.select(list(one.inputs))
            made = _called(one, function, given)
            if one.view not in self._tried and given.num_rows > 1:
                few = (given.num_rows + 1) // 2 if given.num_rows <= _TRIED else _TRIED
                alone = _called(one, function, given.slice(0, few)).to_pandas()
                if not alone.equals(made.slice(0, few).to_pandas()):
                    raise StepFailed(
                        f"{one.python} does not answer each row by itself: alone, the first {few} give other values",
                        help="take what needs several rows into a view with `tables`, or into `aggregates`",
                    )
                self._tried.add(one.view)
            for name in made.column_names:
                table = table.append_column(name, made.column(name))
        return table


def _called(one: RowFunction, function: Any, given: "pa.Table") -> "pa.Table":
    """Return what a function makes of rows, in the declared types."""
    if given.num_rows == 0:
        return _nothing(one)
    # Threads cost more than they save where a request waits for a row.
    frame = given.to_pandas(use_threads=given.num_rows > _FEW)
    table = returned(function(frame, **one.args), one.python, one.columns)
    if table.num_rows != given.num_rows:
        raise StepFailed(
            f"{one.python} returned {table.num_rows} rows for {given.num_rows}",
            help="with `rows` a function answers every row that it gets, in their order",
        )
    exact = as_declared(table, one.columns)
    if exact is not None:
        return exact.combine_chunks()
    with connect(threads=1) as connection:
        query = typed(connection, table, one.python, one.columns)
        made = connection.sql(text(canonical(query, describe(connection, query)))).to_arrow_table()
    return made.combine_chunks()


def _nothing(one: RowFunction) -> "pa.Table":
    columns = [
        named(fragment(f"cast(null as {to_duckdb(kind)})"), name) for name, kind in one.columns.items()
    ]
    with connect(threads=1) as connection:
        query = fragment("select 1 limit 0")
        query.set("expressions", columns)
        return connection.sql(text(query)).to_arrow_table()

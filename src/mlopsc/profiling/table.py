"""A file of data opened to be measured: its rows as a table of typed columns, and a sample of them."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mlopsc.runtime.engine.connection import connect
from mlopsc.runtime.engine.parquet import canonical
from mlopsc.runtime.engine.statement import (
    column,
    fragment,
    identifier,
    named,
    nan_as_null,
    scan,
    select,
    text,
)
from mlopsc.runtime.sources.files import located
from mlopsc.runtime.sources.handles import no_secrets
from mlopsc.runtime.sources.load import load_source
from mlopsc.runtime.sources.parquet import parquet_types
from mlopsc.vocabulary.columns import FLOATS, from_duckdb
from mlopsc.vocabulary.sources import FileSource, ParquetSource

if TYPE_CHECKING:
    import duckdb

SAMPLE = 50_000
"""Rows of the sample, about."""


@dataclass(frozen=True)
class Table:
    """An open table. NaN is null in it."""

    connection: "duckdb.DuckDBPyConnection"
    types: Mapping[str, str]
    """Column → column type, in the file's order."""
    rows: int
    name: str = "everything"
    """What SQL calls it."""

    def ask(self, *columns: exp.Expr, where: exp.Expr | None = None) -> tuple[Any, ...]:
        """Return one row of aggregates."""
        query = select(*columns, source=exp.table_(identifier(self.name)))
        return self.query(query if where is None else query.where(where))[0]

    def query(self, statement: exp.Expr) -> list[tuple[Any, ...]]:
        """Return the rows of a statement, in which `identifier(table.name)` is this table."""
        return self.connection.execute(text(statement)).fetchall()

    def sample(self) -> "Table":
        """Return some SAMPLE rows, the same ones each time, chosen by their content."""
        step = self.rows // SAMPLE
        if step < 2:
            return self
        row = exp.func("row", *(column(name) for name in self.types))
        chosen = fragment("hash($r) % $n = 0", r=row, n=step)
        query = select(exp.Star(), source=exp.table_(identifier(self.name))).where(chosen)
        self.connection.execute(f"create or replace temp table sample as {text(query)}")
        counted = self.connection.execute("select count(*) from sample").fetchall()[0][0]
        return Table(self.connection, self.types, int(counted), "sample")


@contextmanager
def open_table(source: FileSource, project: Path) -> Iterator[Table]:
    """Open a source: Parquet where it lies, text as a temporary copy with types. Raises MlopscError as loading does."""
    with (
        tempfile.TemporaryDirectory(prefix="mlopsc-") as folder,
        located(source, project, no_secrets) as files,
    ):
        paths = [file.path for file in files]
        if not isinstance(source, ParquetSource):
            paths = [Path(folder) / "table.parquet"]
            load_source(source, {}, project=project, out=paths[0])
        with connect(*paths) as connection:
            kinds = parquet_types(connection, source, files) if isinstance(source, ParquetSource) else None
            table = scan(*paths)
            if kinds is not None:
                table = canonical(table, kinds)
            described = connection.execute("describe " + text(select(exp.Star(), source=table))).fetchall()
            types = {row[0]: from_duckdb(row[1]) for row in described}
            cells = [named(_present(name, type_), name) for name, type_ in types.items()]
            connection.execute(f"create temp view everything as {text(select(*cells, source=table))}")
            rows = connection.execute("select count(*) from everything").fetchall()[0][0]
            yield Table(connection, types, int(rows))


def _present(name: str, type_: str) -> exp.Expr:
    value = column(name)
    return nan_as_null(value) if type_ in FLOATS else value

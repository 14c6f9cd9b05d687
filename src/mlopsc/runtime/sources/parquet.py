"""Which columns Parquet files have, from their footers, and which types loading gives them. Does without sqlglot."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Self

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.engine.connection import failure
from mlopsc.runtime.sources.found import SourceFile
from mlopsc.vocabulary.columns import Column, convertible, from_duckdb

if TYPE_CHECKING:
    import duckdb


def parquet_types(connection: "duckdb.DuckDBPyConnection", files: Sequence[SourceFile]) -> dict[str, str]:
    """Return the files' columns: name → DuckDB's type. Raises MlopscError for a bad file, and when files differ."""
    import duckdb

    found: list[dict[str, str]] = []
    for file in files:
        statement = "DESCRIBE SELECT * FROM read_parquet([$path])"
        try:
            rows = connection.execute(statement, {"path": str(file.path.absolute())}).fetchall()
        except duckdb.Error as error:
            raise MlopscError(f"{file.label} is no readable Parquet file: {failure(error)}") from error
        found.append({row[0]: row[1] for row in rows})
        if found[-1] != found[0]:
            raise MlopscError(f"{file.label} has other columns or types than {files[0].label}")
    return found[0]


class Footers:
    """Reads footers over one connection, since to open one takes longer than to read many; use as a context manager.

    It opens with the first file. No SQL but ours runs in it, so it is not sealed to certain files.
    """

    def __init__(self) -> None:
        self._connection: duckdb.DuckDBPyConnection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def types(self, files: Sequence[SourceFile]) -> dict[str, str]:
        """Return the files' columns: name → DuckDB's type. Raises MlopscError as `parquet_types` does."""
        if self._connection is None:
            import duckdb

            self._connection = duckdb.connect(
                config={
                    "autoload_known_extensions": "false",
                    "autoinstall_known_extensions": "false",
                    "threads": 1,
                }
            )
        return parquet_types(self._connection, files)


def declared_types(kinds: Mapping[str, str], columns: Mapping[str, Column], label: str) -> dict[str, str]:
    """Return the type of each column of `kinds` (name → DuckDB's type): the declared one, else its own.

    Raises MlopscError when a column cannot become what is declared.
    """
    types = {}
    for name, kind in kinds.items():
        have = from_duckdb(kind)
        types[name] = (columns[name].type if name in columns else None) or have
        if not convertible(have, types[name]):
            raise MlopscError(f"{label}: column {name!r} is {have}, declared {types[name]}")
    return types

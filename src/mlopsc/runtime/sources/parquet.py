"""Which columns Parquet files have, from their footers, and which types loading gives them. Does without sqlglot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from urllib.parse import unquote

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.engine.connection import failure
from mlopsc.runtime.sources.found import SourceFile
from mlopsc.vocabulary.columns import Column, convertible, from_duckdb
from mlopsc.vocabulary.sources import ParquetSource

if TYPE_CHECKING:
    import duckdb


_NULL = '"NULL"'
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class Layout:
    """What the footers and places of Parquet files say."""

    kinds: Mapping[str, str]
    """Column → DuckDB's type."""
    partitions: Mapping[str, tuple[str | None, ...]]
    """Column that the names of folders give → its text for each file."""
    by_name: bool
    """Whether DuckDB must bring columns together by name."""


def parquet_types(
    connection: "duckdb.DuckDBPyConnection", source: ParquetSource, files: Sequence[SourceFile]
) -> dict[str, str]:
    """Return the files' columns: name → DuckDB's type. Raises MlopscError for a bad file, and when files differ."""
    return dict(parquet_layout(connection, source, files).kinds)


def parquet_layout(
    connection: "duckdb.DuckDBPyConnection", source: ParquetSource, files: Sequence[SourceFile]
) -> Layout:
    """Look at the footers. Raises MlopscError for a bad file, too many columns, and when files differ."""
    found: dict[str, str] = {}
    mixed = False
    for file in files:
        own = _footer(connection, file)
        if len(own) > source.limits.columns:
            raise MlopscError(
                f"{file.label} has more than {source.limits.columns} columns",
                help="if that is meant, raise `limits: {columns: …}` of the source",
            )
        if file is not files[0]:
            mixed |= _compare(found, own, file, files[0], by_name=source.union_by_name)
        found |= {name: kind for name, kind in own.items() if found.get(name, _NULL) == _NULL}
    partitions = _partitions(files) if source.hive_partitioning else {}
    for key in partitions:
        if key in found:
            raise MlopscError(
                f"{files[0].label}: column {key!r} stands in the file and in the names of its folders",
                help="rename one, or say `hive_partitioning: false`",
            )
    return Layout(
        {**found, **dict.fromkeys(partitions, "VARCHAR")}, partitions, mixed or source.union_by_name
    )


def _footer(connection: "duckdb.DuckDBPyConnection", file: SourceFile) -> dict[str, str]:
    import duckdb

    statement = "DESCRIBE SELECT * FROM read_parquet([$path], hive_partitioning = false)"
    try:
        rows = connection.execute(statement, {"path": str(file.path.absolute())}).fetchall()
    except duckdb.Error as error:
        raise MlopscError(f"{file.label} is no readable Parquet file: {failure(error)}") from error
    return {row[0]: row[1] for row in rows}


def _compare(
    found: Mapping[str, str], own: Mapping[str, str], file: SourceFile, first: SourceFile, *, by_name: bool
) -> bool:
    """Raise MlopscError where a file's columns are other ones; say whether some of them are nulls alone."""
    mixed = False
    for name, kind in own.items():
        known = found.get(name)
        if known is None and not by_name:
            raise _differ(f"{file.label} has a column {name!r}, which {first.label} lacks")
        if known not in (None, kind):
            if _NULL not in (known, kind):
                raise MlopscError(
                    f"{file.label}: column {name!r} is {_word(kind)}, in {first.label} {_word(str(known))}",
                    help="write the files with the same types",
                )
            mixed = True
    if not by_name and (missing := [name for name in found if name not in own]):
        raise _differ(f"{file.label} lacks column {missing[0]!r}, which {first.label} has")
    return mixed


def _word(kind: str) -> str:
    ours = from_duckdb(kind)
    return kind.lower() if ours == "nested" else ours


def _differ(what: str) -> MlopscError:
    return MlopscError(what, help="`union_by_name: true` lets files lack columns, which are null there")


def _partitions(files: Sequence[SourceFile]) -> dict[str, tuple[str | None, ...]]:
    """Return what the folders named `key=value` say of each file. Raises MlopscError when one says other keys."""
    each = [_keys(file) for file in files]
    for file, keys in zip(files, each, strict=True):
        if list(keys) != list(each[0]):
            raise MlopscError(
                f"{file.label} lies in folders of {', '.join(keys) or 'no keys'}, "
                f"{files[0].label} in those of {', '.join(each[0]) or 'no keys'}"
            )
    if not each[0]:
        raise MlopscError(
            f"{files[0].label} lies in no folder named key=value", help="say `hive_partitioning: false`"
        )
    return {key: tuple(keys[key] for keys in each) for key in each[0]}


def _keys(file: SourceFile) -> dict[str, str | None]:
    folders = [folder.partition("=") for folder in file.label.split("/")[:-1]]
    return {
        key: None if value == _NO_VALUE else unquote(value)
        for key, sign, value in folders
        if sign and key and "://" not in key
    }


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

    def types(self, source: ParquetSource, files: Sequence[SourceFile]) -> dict[str, str]:
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
        return parquet_types(self._connection, source, files)


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

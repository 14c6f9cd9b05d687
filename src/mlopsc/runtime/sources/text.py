"""CSV and JSON lines before DuckDB: every cell as text, and what undeclared columns turn out to be."""

import codecs
import csv
import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.engine.statement import column, fragment, literal, named, select, text
from mlopsc.runtime.sources.found import SourceFile
from mlopsc.vocabulary.sources import CsvSource

if TYPE_CHECKING:
    import duckdb

MAX_COLUMNS = 10_000
_HEADER = 1 << 22
_PREFIX = 2_000
_JSON_CANDIDATES: dict[frozenset[str], tuple[str, ...]] = {
    frozenset({"BOOLEAN"}): ("bool",),
    frozenset({"OBJECT"}): ("nested",),
    frozenset({"ARRAY"}): ("nested",),
    frozenset({"OBJECT", "ARRAY"}): ("nested",),
    frozenset({"VARCHAR"}): ("date", "timestamp", "string"),
    frozenset(): ("string",),
}
_JSON_NUMBERS = {"BIGINT", "UBIGINT", "HUGEINT", "DOUBLE"}

Parse = Callable[[exp.Expr, str], exp.Expr]
"""Returns the typed value of a cell, null when it does not fit: (cell, type)."""


def csv_table(source: CsvSource, files: Sequence[SourceFile]) -> tuple[exp.Expr, list[str]]:
    """Return the files as one table of texts, and its columns.

    Raises MlopscError for an empty file, a repeated or missing name, and files with different headers.
    """
    names = _csv_names(source, files[0])
    for file in files[1:]:
        if (others := _csv_names(source, file)) != names:
            raise MlopscError(
                f"{file.label} has other columns than {files[0].label}: {', '.join(others)}",
                help=f"expected {', '.join(names)}",
            )
    table = fragment(
        "read_csv($paths, auto_detect = false, header = $header, delim = $delim, quote = $quote,"
        " escape = $quote, nullstr = $nulls, encoding = $encoding, compression = 'none', columns = $columns)",
        paths=[str(file.path.absolute()) for file in files], header=source.header, delim=source.delimiter,
        quote=source.quote, nulls=["", *source.nulls], encoding=source.encoding,
        columns=_columns(names, "VARCHAR"),
    )  # fmt: skip
    return table, names


def _csv_names(source: CsvSource, file: SourceFile) -> list[str]:
    with file.path.open("rb") as binary:
        data = binary.read(_HEADER)
    if data.startswith((b"\x1f\x8b", b"PK\x03\x04", b"\x28\xb5\x2f\xfd")):
        raise MlopscError(f"{file.label} is compressed", help="unpack it; CSV is read as plain text")
    encoding = "utf-8-sig" if source.encoding == "utf-8" else source.encoding
    try:
        head = codecs.getincrementaldecoder(encoding)().decode(data)
    except UnicodeDecodeError as error:
        raise MlopscError(
            f"{file.label} is not {source.encoding}: byte {error.start} is 0x{data[error.start]:02x}",
            help="say `encoding: latin-1` or whatever it is",
        ) from error
    try:
        row = next(
            csv.reader(io.StringIO(head, newline=""), delimiter=source.delimiter, quotechar=source.quote),
            None,
        )
    except csv.Error as error:
        raise MlopscError(f"{file.label}, line 1: {error}") from error
    if not row:
        raise MlopscError(f"{file.label} is empty: it has no {'header' if source.header else 'rows'}")
    if len(row) > MAX_COLUMNS:
        raise MlopscError(f"{file.label} has more than {MAX_COLUMNS} columns")
    names = [cell if source.header and cell else f"column{i}" for i, cell in enumerate(row)]
    _check_distinct(names, file)
    return names


def _check_distinct(names: Sequence[str], file: SourceFile) -> None:
    seen: dict[str, str] = {}
    for name in names:
        if name.casefold() in seen:
            first = seen[name.casefold()]
            same = f"column {name!r} twice" if first == name else f"columns {first!r} and {name!r}"
            raise MlopscError(f"{file.label} has {same}", help="rename one; SQL cannot tell them apart")
        seen[name.casefold()] = name


def jsonl_table(
    connection: "duckdb.DuckDBPyConnection", files: Sequence[SourceFile]
) -> tuple[exp.Expr, list[str]]:
    """Return the files as one table of JSON values, and its columns in the order of their appearance."""
    paths = [str(file.path.absolute()) for file in files]
    for file in files:
        if file.path.stat().st_size == 0:
            raise MlopscError(f"{file.label} is empty")
    objects = fragment(
        "read_json_objects($paths, format = 'newline_delimited', compression = 'none')", paths=paths
    )
    shapes = fragment(
        "select json_keys(json) as k, min(r) as first, min(json_type(json)) as lo, "
        "max(json_type(json)) as hi "
        "from (select json, row_number() over () as r from $t as o) as t group by all order by first",
        t=objects,
    )
    names: dict[str, None] = {}
    for keys, first, low, high in connection.execute(text(shapes)).fetchall():
        if (low, high) != ("OBJECT", "OBJECT"):
            raise MlopscError(f"{files[0].label}: value {first} is no JSON object", help="one object a line")
        names |= dict.fromkeys(keys)
    if len(names) > MAX_COLUMNS:
        raise MlopscError(f"{files[0].label} has more than {MAX_COLUMNS} columns")
    if not names:
        raise MlopscError(f"{files[0].label} has no columns")
    _check_distinct(list(names), files[0])
    table = fragment(
        "read_json($paths, format = 'newline_delimited', compression = 'none', columns = $columns)",
        paths=paths, columns=_columns(list(names), "JSON"),
    )  # fmt: skip
    cells = [
        named(fragment("case when json_type($x) <> 'NULL' then $x end", x=column(name)), name)
        for name in names
    ]
    return select(*cells, source=table), list(names)


def json_candidates(
    connection: "duckdb.DuckDBPyConnection", table: exp.Expr, names: Sequence[str], label: str
) -> dict[str, tuple[str, ...]]:
    """Return for each column the types that its JSON values can have, narrowest first.

    Raises MlopscError for a column that mixes kinds of values.
    """
    if not names:
        return {}
    kinds = [named(fragment("list(distinct json_type($x))", x=column(name)), name) for name in names]
    row = connection.execute(text(select(*kinds, source=table))).fetchall()[0]
    found: dict[str, tuple[str, ...]] = {}
    for name, values in zip(names, row, strict=True):
        seen = frozenset(values or ()) - {None}
        if seen and seen <= _JSON_NUMBERS:
            found[name] = ("float64",) if "DOUBLE" in seen else ("int64", "uint64", "float64")
        elif seen in _JSON_CANDIDATES:
            found[name] = _JSON_CANDIDATES[seen]
        else:
            words = ", ".join(sorted(kind.lower() for kind in seen))
            raise MlopscError(f"{label}: column {name!r} mixes values of several kinds: {words}")
    return found


def infer(
    connection: "duckdb.DuckDBPyConnection",
    table: exp.Expr,
    candidates: Mapping[str, Sequence[str]],
    parse: Parse,
) -> dict[str, str]:
    """Return for each column the first of its candidate types that fits every cell of the table.

    The last candidate always fits. A column without values is a `string`.
    """
    head = fragment("select * from $t as t limit $n", t=table, n=_PREFIX)
    left = {name: list(types) for name, types in candidates.items()}
    left = _narrowed(connection, head, left, left, parse)
    while open_ := {name: types[:1] for name, types in left.items() if len(types) > 1}:
        narrowed = _narrowed(connection, table, open_, left, parse)
        if narrowed == left:
            break
        left = narrowed
    seen = [named(fragment("count($x)", x=column(name)), name) for name in candidates]
    counts = connection.execute(text(select(*seen, source=table))).fetchall()[0] if seen else ()
    return {
        name: types[0] if count else "string"
        for (name, types), count in zip(left.items(), counts, strict=True)
    }


def _narrowed(
    connection: "duckdb.DuckDBPyConnection",
    table: exp.Expr,
    tried: Mapping[str, Sequence[str]],
    left: Mapping[str, list[str]],
    parse: Parse,
) -> dict[str, list[str]]:
    """Drop the tried types that do not fit some cell."""
    tests = [(name, type_) for name, types in tried.items() for type_ in types if type_ != left[name][-1]]
    if not tests:
        return dict(left)
    sums = [misfits(column(name), parse(column(name), type_)) for name, type_ in tests]
    row = connection.execute(text(select(*sums, source=table))).fetchall()[0]
    bad = {test for test, count in zip(tests, row, strict=True) if count}
    return {name: [type_ for type_ in types if (name, type_) not in bad] for name, types in left.items()}


def misfits(raw: exp.Expr, value: exp.Expr) -> exp.Expr:
    """Return the count of cells that are there but have no value of their type."""
    return fragment("count(*) filter (where $raw is not null and $value is null)", raw=raw, value=value)


def csv_lines(source: CsvSource, file: SourceFile, rows: Sequence[int]) -> list[int]:
    """Return the lines on which data rows (from 1, ascending) begin."""
    encoding = "utf-8-sig" if source.encoding == "utf-8" else source.encoding
    found: list[int] = []
    with file.path.open(encoding=encoding, newline="") as lines:
        reader = csv.reader(lines, delimiter=source.delimiter, quotechar=source.quote)
        at = 1
        for row in rows:
            before = row - at + (source.header if not found else 0)
            while before and next(reader, None) is not None:
                before -= 1
            at = row
            found.append(reader.line_num + 1)
    return found


def _columns(names: Sequence[str], kind: str) -> exp.Expr:
    pairs = [exp.PropertyEQ(this=literal(name), expression=literal(kind)) for name in names]
    return exp.Struct(expressions=pairs)

"""Text files of any kind before DuckDB: every cell as text, and what undeclared columns turn out to be."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.engine.statement import column, fragment, literal, named, select, text
from mlopsc.runtime.sources.found import SourceFile

if TYPE_CHECKING:
    import duckdb

_PREFIX = 2_000
Parse = Callable[[exp.Expr, str], exp.Expr]
"""Returns the typed value of a cell, null when it does not fit: (cell, type)."""


def check_distinct(names: Sequence[str], file: SourceFile) -> None:
    """Raise MlopscError for names that are the same to SQL."""
    seen: dict[str, str] = {}
    for name in names:
        if name.casefold() in seen:
            first = seen[name.casefold()]
            same = f"column {name!r} twice" if first == name else f"columns {first!r} and {name!r}"
            raise MlopscError(f"{file.label} has {same}", help="rename one; SQL cannot tell them apart")
        seen[name.casefold()] = name


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


def text_columns(names: Sequence[str], kind: str) -> exp.Expr:
    """Return the columns of a text file, as DuckDB's readers take them: every one of a type, of `VARCHAR` or `JSON`."""
    pairs = [exp.PropertyEQ(this=literal(name), expression=literal(kind)) for name in names]
    return exp.Struct(expressions=pairs)

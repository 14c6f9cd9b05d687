"""JSON lines before DuckDB: every value as JSON, and the types that it can have."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.engine.statement import column, fragment, named, select, text
from mlopsc.runtime.sources.found import SourceFile
from mlopsc.runtime.sources.text import check_distinct, text_columns
from mlopsc.vocabulary.policy import memory_bytes
from mlopsc.vocabulary.sources import JsonLinesSource

if TYPE_CHECKING:
    import duckdb

_JSON_CANDIDATES: dict[frozenset[str], tuple[str, ...]] = {
    frozenset({"BOOLEAN"}): ("bool",),
    frozenset({"OBJECT"}): ("nested",),
    frozenset({"ARRAY"}): ("nested",),
    frozenset({"OBJECT", "ARRAY"}): ("nested",),
    frozenset({"VARCHAR"}): ("date", "timestamp", "string"),
    frozenset(): ("string",),
}
_JSON_NUMBERS = {"BIGINT", "UBIGINT", "HUGEINT", "DOUBLE"}


def jsonl_table(
    connection: "duckdb.DuckDBPyConnection", source: JsonLinesSource, files: Sequence[SourceFile]
) -> tuple[exp.Expr, list[str]]:
    """Return the files as one table of JSON values, and its columns in the order of their appearance."""
    line = memory_bytes(source.limits.line)
    paths = [str(file.path.absolute()) for file in files]
    for file in files:
        if file.path.stat().st_size == 0:
            raise MlopscError(f"{file.label} is empty")
    objects = fragment(
        "read_json_objects($paths, format = 'newline_delimited', compression = 'none', maximum_object_size = $line)",
        paths=paths, line=line,
    )  # fmt: skip
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
    if len(names) > source.limits.columns:
        raise MlopscError(
            f"{files[0].label} has more than {source.limits.columns} columns",
            help="if that is meant, raise `limits: {columns: …}` of the source",
        )
    if not names:
        raise MlopscError(f"{files[0].label} has no columns")
    check_distinct(list(names), files[0])
    table = fragment(
        "read_json($paths, format = 'newline_delimited', compression = 'none', maximum_object_size = $line,"
        " columns = $columns)",
        paths=paths, line=line, columns=text_columns(list(names), "JSON"),
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

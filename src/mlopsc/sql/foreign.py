"""SQL of other databases: one query that changes nothing, and where the values stand that go with it.

It is read by sqlglot in the database's own dialect, at compile time where that is known, and again before it is sent.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mlopsc.sql.faults import SqlFault

_QUERY_STARTS = frozenset({"SELECT", "WITH", "VALUES", "TABLE", "("})
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Bind:
    """`:name`, which stands for a value: `text[start:end]`."""

    name: str
    start: int
    end: int


def binds(sql: str, dialect: str | None) -> tuple[Bind, ...]:
    """Return the places of values in their order; none in strings, comments, casts (`x::int`) and slices (`x[1:n]`).

    Text that cannot be divided into words has none.
    """
    tokens = _tokens(sql, dialect)
    found: list[Bind] = []
    for number, colon in enumerate(tokens[:-1]):
        name = tokens[number + 1]
        if colon.text != ":" or name.start != colon.end + 1 or sql[colon.start] != ":":
            continue
        before = sql[colon.start - 1 : colon.start]
        written = sql[name.start : name.end + 1]
        if not re.match(r"[\w:]", before) and _NAME.fullmatch(written):
            found.append(Bind(written, colon.start, name.end + 1))
    return tuple(found)


def query_fault(sql: str, dialect: str | None) -> SqlFault | None:
    """Return why a text is not one query that only reads, None when it is.

    Without a dialect, which some secret knows, text that cannot be parsed passes: the run will tell.
    """
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import ParseError, TokenError

    words = _tokens(sql, dialect)
    if words and words[0].text.upper() not in _QUERY_STARTS:
        first = words[0]
        return SqlFault(
            "unsafe",
            f"a source only reads: expected SELECT, found {first.text}",
            first.start,
            len(first.text),
        )
    try:
        trees = [tree for tree in sqlglot.parse(sql, dialect=dialect) if tree is not None]
    except ParseError as error:
        return None if dialect is None else _syntax(sql, error)
    except TokenError as error:
        return None if dialect is None else SqlFault("syntax", str(error).partition("\n")[0], 0, len(sql))
    if len(trees) != 1:
        return SqlFault("unsafe", f"expected one query, found {len(trees) or 'none'}", 0, len(sql))
    (tree,) = trees
    if not isinstance(tree, exp.Query | exp.Values):
        return SqlFault("unsafe", "a source only reads: expected a SELECT", 0, len(sql))
    for node in tree.walk():
        if isinstance(node, exp.DML | exp.DDL | exp.Command) and not isinstance(node, exp.Query):
            return SqlFault("unsafe", f"a source only reads: found {node.key.upper()}", 0, len(sql))
        if isinstance(node, exp.Into):
            return SqlFault("unsafe", "a source only reads: found SELECT … INTO", 0, len(sql))
        if isinstance(node, exp.Lock):
            return SqlFault("unsafe", "a source only reads: found a clause that locks rows", 0, len(sql))
    return None


def takes_some_rows(sql: str, dialect: str | None) -> bool:
    """Say whether a query's outermost part takes some of its rows without saying which: LIMIT without ORDER BY."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        tree = sqlglot.parse_one(sql, dialect=dialect)
    except SqlglotError:
        return False
    return any(tree.args.get(key) for key in ("limit", "offset")) and not tree.args.get("order")


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int


def _tokens(sql: str, dialect: str | None) -> list[_Token]:
    from sqlglot.dialects.dialect import Dialect
    from sqlglot.errors import TokenError

    try:
        found = Dialect.get_or_raise(dialect).tokenize(sql)
    except TokenError:
        return []
    return [_Token(token.text, token.start, token.end) for token in found]


def _syntax(sql: str, error: object) -> SqlFault:
    """Return a parser's complaint with its place; sqlglot counts lines from 1, and columns up to the end of a word."""
    first: dict[str, object] = next(iter(getattr(error, "errors", ())), {})
    said = str(first.get("description") or error).partition("\n")[0].rstrip(".")
    words = str(first.get("highlight") or "")
    start = len(str(first.get("start_context") or ""))
    lines = list(_line_starts(sql))
    line, column = first.get("line"), first.get("col")
    if isinstance(line, int) and isinstance(column, int) and 0 < line <= len(lines):
        start = max(lines[line - 1] + column - len(words), 0)
    return SqlFault(
        "syntax", f"{said}: '{words}'" if words else said, min(start, len(sql)), max(len(words), 1)
    )


def _line_starts(sql: str) -> Iterator[int]:
    yield 0
    for found in re.finditer("\n", sql):
        yield found.end()

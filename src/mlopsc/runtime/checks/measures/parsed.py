"""Measures of texts that must say something: SQL settles the plain cases, Python's own readers the others."""

import json
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlglot import exp

from mlopsc.runtime.checks.measures.base import Measure, Table
from mlopsc.runtime.checks.measures.json_schema import validator
from mlopsc.runtime.checks.measures.judged import judged
from mlopsc.runtime.engine.statement import column, fragment
from mlopsc.vocabulary.checks import BaseCheck
from mlopsc.vocabulary.checks import parsed as c

_CACHED = 100_000
_ISO = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?$"
_SAME_IN_BOTH = frozenset("YmdHMS")
"""Directives that DuckDB writes as Python reads them."""
_PYTHON_ONLY = r"(?i),\s*[\]}]|nan|inf|[\x00-\x1f]|\\u[d]"
"""Where DuckDB's reader of JSON is kinder, or another, than Python's."""


def measure(check: BaseCheck, table: Table) -> Measure:
    """Return the measure of a check of the family."""
    if not isinstance(check, c.OfText):
        raise AssertionError(check.expect)
    x = column(check.column)
    if reason := table.misfit(check):
        return judged(table, x, reason, check.mostly)
    read, plain = reader(check), _plainly(check, x)
    call = exp.Anonymous(this=table.predicate(lru_cache(_CACHED)(read)), expressions=[x])
    bad = fragment("case when $x is null then false when $p then false else not $c end", x=x, p=plain, c=call)
    return judged(table, x, bad, check.mostly)


def reader(check: c.OfText) -> Callable[[str], bool]:
    """Return the function that says whether a text says what a check wants."""
    match check:
        case c.ColumnValuesToBeDateutilParseable():
            return _is_time
        case c.ColumnValuesToMatchStrftimeFormat():
            return lambda text: _has_format(text, check.strftime_format)
        case c.ColumnValuesToBeJsonParseable():
            return _is_json
        case c.ColumnValuesToMatchJsonSchema():
            return _described(check.json_schema)
        case _:
            raise AssertionError(check.expect)


def _plainly(check: c.OfText, x: exp.Expr) -> exp.Expr:
    """Return a condition of texts that Python certainly reads."""
    match check:
        case c.ColumnValuesToBeDateutilParseable():
            return fragment(
                "coalesce(regexp_matches($x, $iso) and year(try_cast($x as timestamp)) between 1 and 9999, false)",
                x=x, iso=_ISO,
            )  # fmt: skip
        case c.ColumnValuesToMatchStrftimeFormat() if _same_in_both(check.strftime_format):
            time = fragment("try_strptime($x, $f)", x=x, f=check.strftime_format)
            return fragment(
                "coalesce(strftime($t, $f) = $x and year($t) between 1000 and 9999, false)",
                x=x, t=time, f=check.strftime_format,
            )  # fmt: skip
        case c.ColumnValuesToBeJsonParseable():
            return fragment("json_valid($x) and not regexp_matches($x, $p)", x=x, p=_PYTHON_ONLY)
        case _:
            return fragment("false")


def _same_in_both(form: str) -> bool:
    directives = form.split("%")[1:]
    known = all(part and part[0] in _SAME_IN_BOTH for part in directives)
    return known and len({part[0] for part in directives}) == len(directives) and form.isascii()


def _is_time(text: str) -> bool:
    from dateutil.parser import parse

    try:
        parse(text)
    except (ValueError, OverflowError):
        return False
    return True


def _has_format(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)  # noqa: DTZ007 - only whether it can be read
    except ValueError:
        return False
    return True


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _described(schema: dict[str, Any]) -> Callable[[str], bool]:
    valid = validator(schema)

    def described(text: str) -> bool:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return False
        return valid(value)

    return described

"""Measures of texts: patterns, matched in linear time by RE2, and lengths."""

import re

from sqlglot import exp

from mlopsc.runtime.checks.measures.base import Measure, Table, all_of, any_of, bounds_of
from mlopsc.runtime.checks.measures.judged import judged
from mlopsc.runtime.checks.measures.values import outside
from mlopsc.runtime.checks.outcome import Bounds
from mlopsc.runtime.engine.statement import column, fragment
from mlopsc.vocabulary.checks import BaseCheck
from mlopsc.vocabulary.checks import text as c


def measure(check: BaseCheck, table: Table) -> Measure:
    """Return the measure of a check of the family."""
    match check:
        case c.OfLength():
            return _lengths(check, table)
        case c.OfPattern():
            return _matching(check, table)
        case _:
            raise AssertionError(check.expect)


def expressions(check: c.OfPattern) -> tuple[str, ...]:
    """Return the regular expressions that a check's patterns amount to."""
    match check:
        case c.OfRegex():
            return (check.regex,)
        case c.OfRegexList():
            return check.regex_list
        case c.OfLike():
            return tuple(like_as_regex(pattern, check.escape) for pattern in check.patterns())
        case _:
            raise AssertionError(check.expect)


def must_match(check: c.OfPattern) -> str | None:
    """Return whether `any` or `all` of the expressions must be found; None where none of them may."""
    match check:
        case c.ColumnValuesToMatchRegex() | c.ColumnValuesToMatchLikePattern():
            return "all"
        case c.ColumnValuesToMatchRegexList() | c.ColumnValuesToMatchLikePatternList():
            return check.match_on
        case _:
            return None


def like_as_regex(pattern: str, escape: str | None) -> str:
    """Return the expression of RE2 that finds what is LIKE a pattern: engines match LIKE by backtracking."""
    parts: list[str] = []
    letters = iter(pattern)
    for letter in letters:
        if letter == escape:
            parts.append(_plain(next(letters)))
        elif letter == "%":
            parts.append(".*")
        else:
            parts.append("." if letter == "_" else _plain(letter))
    return rf"(?s)\A{''.join(parts)}\z"


def _plain(letter: str) -> str:
    return re.escape(letter) if letter.isascii() else letter


def _matching(check: c.OfPattern, table: Table) -> Measure:
    x, type_ = column(check.column), table.type_of(check.column)
    if check.misfit(type_):
        return judged(table, x, f"the column is {type_}, which has no text", check.mostly)
    text = (
        x
        if type_ == "string" and table.kinds[check.column] == "VARCHAR"
        else fragment("cast($x as varchar)", x=x)
    )
    found = [fragment("regexp_matches($x, $regex)", x=text, regex=regex) for regex in expressions(check)]
    match must_match(check):
        case "all":
            bad = fragment("not $f", f=all_of(found))
        case "any":
            bad = fragment("not $f", f=any_of(found))
        case _:
            bad = any_of(found)
    return judged(table, x, bad, check.mostly)


def _lengths(check: c.OfLength, table: Table) -> Measure:
    x, type_ = column(check.column), table.type_of(check.column)
    bad: exp.Expr | str
    if check.misfit(type_):
        bad = f"the column is {type_}, and only strings have a length"
    else:
        bad = outside(length_bounds(check), fragment("length($x)", x=x), "int64")
    return judged(table, x, bad, check.mostly)


def length_bounds(check: c.OfLength) -> Bounds:
    """Return the bounds of the number of characters."""
    if isinstance(check, c.ColumnValueLengthsToEqual):
        return Bounds(check.value, check.value, False, False)
    return bounds_of(check)

"""Text to values: what counts as a number, a date, an instant; null where the text does not fit.

DuckDB's own casts are too kind for data that nobody has looked at: they read 5.7 as the integer 6, 1_000 and
0x10 as numbers, and drop the offset of a timestamp.
"""

import re

from sqlglot import exp

from mlopsc.runtime.engine.parquet import instant
from mlopsc.runtime.engine.statement import fragment
from mlopsc.vocabulary.columns import FLOATS, INTEGERS, convertible, from_duckdb, is_numeric, to_duckdb
from mlopsc.vocabulary.sources import CsvSource

_TIME = r"\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?"
_NAIVE = r"\d{4}-\d{2}-\d{2}([ T]" + _TIME + ")?"
_AWARE = r"\d{4}-\d{2}-\d{2}[ T]" + _TIME + r" ?(Z|z|UTC|[+-]\d{2}(:?\d{2})?)"

TEXT_CANDIDATES = ("bool", "int64", "float64", "date", "timestamp", "string")
"""What an undeclared column of text can turn out to be, narrowest first."""


def parse_text(
    value: exp.Expr, type_: str, timezone: str, *, declared: bool = True, dialect: CsvSource | None = None
) -> exp.Expr:
    """Return the value that a text says, or null when it says none of the type.

    `dialect` says how numbers, dates and timestamps are written. With `declared` false the type is only a guess, and
    what may well be something else does not fit: numbers with leading zeros (post codes), yes and no, 0 and 1 as
    truth values.
    """
    if dialect is not None and (written := _as_written(value, type_, timezone, dialect)) is not None:
        if type_ in ("date", "timestamp"):
            return written
        value = written
    duckdb = "VARCHAR" if type_ == "nested" else to_duckdb(type_)
    cast = fragment(f"try_cast($x as {duckdb})", x=value)
    match type_:
        case "string" | "nested":
            return value
        case "binary":
            return fragment("encode($x)", x=value)
        case "bool":
            words = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
            yes, no = (list(some) if declared else list(some[:1]) for some in words)
            return fragment(
                "case when lower($x) in $yes then true when lower($x) in $no then false end",
                x=value, yes=_tuple(yes), no=_tuple(no),
            )  # fmt: skip
        case _ if type_ in INTEGERS:
            digits = r"\s*[+-]?\d+\s*" if declared else r"\s*[+-]?(0|[1-9]\d*)\s*"
            return fragment(
                "case when cast($cast as varchar) = $x or regexp_full_match($x, $digits) then $cast end",
                x=value, cast=cast, digits=digits,
            )  # fmt: skip
        case _ if type_ in FLOATS:
            refused = "_" if declared else r"_|^\s*[+-]?0\d"
            return fragment(
                "case when not regexp_matches($x, $refused) then $cast end",
                x=value,
                cast=cast,
                refused=refused,
            )
        case "date":
            return fragment("case when cast($cast as varchar) = $x then $cast end", x=value, cast=cast)
        case "time":
            return fragment(
                "case when regexp_full_match($x, $form) then $cast end", x=value, cast=cast, form=_TIME
            )
        case "timestamp":
            naive = instant(fragment("try_cast($x as timestamp)", x=value), "TIMESTAMP", timezone)
            return fragment(
                "case when regexp_full_match($x, $naive) then $local "
                "when regexp_full_match($x, $aware) then $cast end",
                x=value, naive=_NAIVE, local=naive, aware=_AWARE, cast=cast,
            )  # fmt: skip
        case _:
            scale = type_.rstrip(")").partition(",")[2]
            form = rf"\s*[+-]?(\d+\.?|\d*\.\d{{0,{scale}}}0*)\s*"
            return fragment(
                "case when regexp_full_match($x, $form) then $cast end", x=value, cast=cast, form=form
            )


def _as_written(value: exp.Expr, type_: str, timezone: str, dialect: CsvSource) -> exp.Expr | None:
    """Return the value of a date or timestamp, a number's text as SQL has it; None where the dialect says nothing."""
    if type_ == "date" and dialect.date_format is not None:
        return fragment("cast(try_strptime($x, $format) as date)", x=value, format=dialect.date_format)
    if type_ == "timestamp" and dialect.timestamp_format is not None:
        parsed = fragment("try_strptime($x, $format)", x=value, format=dialect.timestamp_format)
        if "%z" in dialect.timestamp_format:
            return fragment("cast($x as timestamptz)", x=parsed)
        return instant(parsed, "TIMESTAMP", timezone)
    if not is_numeric(type_) or (dialect.decimal == "." and dialect.thousands is None):
        return None
    point, group = re.escape(dialect.decimal), re.escape(dialect.thousands or "")
    whole = rf"(\d{{1,3}}({group}\d{{3}})+|\d+)" if group else r"\d+"
    form = rf"\s*[+-]?({whole}({point}\d*)?|{point}\d+)([eE][+-]?\d+)?\s*|[^\d]*"
    return fragment(
        "case when regexp_full_match($x, $form) then replace(replace($x, $group, ''), $point, '.') end",
        x=value, form=form, group=dialect.thousands or "", point=dialect.decimal,
    )  # fmt: skip


def parse_json(value: exp.Expr, type_: str, timezone: str, *, declared: bool = True) -> exp.Expr:
    """Return what a JSON value says, or null when it is none of the type; nested ones stay JSON text."""
    kinds = {"bool": ["BOOLEAN"], "nested": ["OBJECT", "ARRAY"]}.get(type_)
    if kinds is None:
        kinds = ["BIGINT", "UBIGINT", "HUGEINT", "DOUBLE"] if is_numeric(type_) else ["VARCHAR"]
    text = exp.Anonymous(this="json_extract_string", expressions=[value.copy(), exp.Literal.string("$")])
    return fragment(
        "case when json_type($x) in $kinds then $parsed end",
        x=value, kinds=_tuple(kinds), parsed=parse_text(text, type_, timezone, declared=declared),
    )  # fmt: skip


def convert(value: exp.Expr, kind: str, wanted: str, timezone: str) -> exp.Expr | None:
    """Return a typed value as another type, null where it would change; None when the types do not match.

    `kind` is DuckDB's type of `value`. Only `float32` rounds.
    """
    have = from_duckdb(kind)
    if not convertible(have, wanted):
        return None
    if have == wanted:
        return instant(value, kind, timezone) if have == "timestamp" else value
    if have == "string":
        return parse_text(value, wanted, timezone)
    if have == "timestamp" and wanted == "date":
        whole = fragment("cast($x as timestamp)", x=instant(value, kind, "UTC"))
        return _lossless(whole, "TIMESTAMP", "DATE")
    if have == "date" and wanted == "timestamp":
        return instant(value, "TIMESTAMP", timezone)
    if wanted == "float32":
        return fragment("try_cast($x as float)", x=value)
    return _lossless(value, kind, to_duckdb(wanted))


def _lossless(value: exp.Expr, have: str, wanted: str) -> exp.Expr:
    there = fragment(f"try_cast($x as {wanted})", x=value)
    return fragment(f"case when try_cast($y as {have}) = $x then $y end", x=value, y=there)


def _tuple(words: list[str]) -> exp.Expr:
    return exp.Tuple(expressions=[exp.Literal.string(word) for word in words])

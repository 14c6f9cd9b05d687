"""Column types, the constraints that a dataset declares on its columns, and both in DuckDB's words.

`timestamp` is an instant, kept in UTC with microseconds. `nested` stands for lists, structs and maps,
which are carried through but cannot be constrained.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from math import isfinite
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.time import parse_timestamp

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
FLOATS = ("float32", "float64")
TEMPORAL = ("date", "time", "timestamp")
_PLAIN = ("string", "bool", *INTEGERS, *FLOATS, *TEMPORAL, "binary", "nested")
_DECIMAL = re.compile(r"decimal\((\d{1,2}),(\d{1,2})\)")

_TO_DUCKDB = {
    "string": "VARCHAR",
    "bool": "BOOLEAN",
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "uint8": "UTINYINT",
    "uint16": "USMALLINT",
    "uint32": "UINTEGER",
    "uint64": "UBIGINT",
    "float32": "FLOAT",
    "float64": "DOUBLE",
    "date": "DATE",
    "time": "TIME",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "binary": "BLOB",
}
_FROM_DUCKDB = {
    **{duckdb: ours for ours, duckdb in _TO_DUCKDB.items()},
    "TIMESTAMP": "timestamp",
    "TIMESTAMP_S": "timestamp",
    "TIMESTAMP_MS": "timestamp",
    "TIMESTAMP_NS": "timestamp",
    "TIMESTAMPTZ": "timestamp",
    "TIMESTAMPTZ_NS": "timestamp",
    "TIME_NS": "time",
    "HUGEINT": "decimal(38,0)",
    "UUID": "string",
    "JSON": "string",
    '"NULL"': "string",
    "NULL": "string",
}


def _column_type(text: str) -> str:
    if text in _PLAIN:
        return text
    found = _DECIMAL.fullmatch(text)
    if found is None:
        hint = did_you_mean(text, _PLAIN) or f"expected one of {', '.join(_PLAIN)}, decimal(p,s)"
        raise PydanticCustomError("MLC104", "unknown column type '{found}'", {"found": text, "help": hint})
    precision, scale = int(found.group(1)), int(found.group(2))
    if not (1 <= precision <= 38 and scale <= precision):
        raise ValueError(f"{text}: a decimal has 1 to 38 digits, at most as many of them after the point")
    return text


ColumnType = Annotated[
    str,
    AfterValidator(_column_type),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": list(_PLAIN)},
                {"type": "string", "pattern": r"^decimal\([0-9]{1,2},[0-9]{1,2}\)$"},
            ]
        }
    ),
]
"""The type of a column: `string`, `bool`, `int8`…`int64`, `uint8`…`uint64`, `float32`, `float64`,
`decimal(p,s)`, `date`, `time`, `timestamp` (an instant), `binary`, `nested`."""


def to_duckdb(type_: str) -> str:
    """Return DuckDB's name of a column type; raises KeyError for `nested`, which names no single type."""
    return type_.upper() if type_.startswith("decimal(") else _TO_DUCKDB[type_]


def from_duckdb(name: str) -> str:
    """Return the column type of what DuckDB calls `name`; whatever has no other counterpart is `nested`."""
    if name.startswith("DECIMAL("):
        return name.lower().replace(" ", "")
    if name.startswith("ENUM("):
        return "nested" if name.endswith("[]") else "string"
    return _FROM_DUCKDB.get(name, "nested")


def is_integer(type_: str) -> bool:
    """Say whether values of the type are whole numbers."""
    return type_ in INTEGERS


def is_float(type_: str) -> bool:
    """Say whether values of the type are floats, which may be NaN."""
    return type_ in FLOATS


def is_numeric(type_: str) -> bool:
    """Say whether values of the type are numbers (bool is not)."""
    return type_ in INTEGERS or type_ in FLOATS or type_.startswith("decimal(")


def convertible(have: str, wanted: str) -> bool:
    """Say whether values of one type can be read as another, as far as the types tell: each value may still not fit."""
    if have == wanted:
        return True
    if have == "string":
        return wanted != "nested"
    if wanted == "bool":
        return is_integer(have)  # 0 and 1, in databases that have no other truth values
    return {have, wanted} == {"date", "timestamp"} or (is_numeric(have) and is_numeric(wanted))


def _bound(value: Any) -> Any:
    return _literal(value, isinstance(value, bool), "a number or a text")


def _member(value: Any) -> Any:
    return _literal(value, False, "a number, a text, true or false")


def _literal(value: Any, refused: bool, expected: str) -> Any:
    """Write Python's dates, times and decimals as the spec does."""
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        value = float(value)
    unreal = isinstance(value, float) and not isfinite(value)
    if refused or unreal or not isinstance(value, bool | int | float | str):
        raise ValueError(f"expected {expected}, found {value!r}")
    return value


Bound = Annotated[int | float | str, BeforeValidator(_bound)]
"""A number, or the text of a string, date, time or timestamp."""
Member = Annotated[bool | int | float | str, BeforeValidator(_member)]
"""One of a set of values; dates, times and timestamps are written as text."""


def fits(value: object, type_: str) -> bool:
    """Say whether a value written in a spec can stand for one of the type."""
    match value:
        case bool():
            return type_ == "bool"
        case int():
            return is_numeric(type_)
        case float():
            return is_numeric(type_) and (type_ not in INTEGERS or value.is_integer())
        case str() if type_ == "time":
            return _parses(time.fromisoformat, value)
        case str() if type_ == "date":
            return _parses(date.fromisoformat, value)
        case str() if type_ == "timestamp":
            return _parses(parse_timestamp, value)
        case str():
            return type_ == "string"
        case _:
            return False


def _parses(parse: Any, text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


def ordered(low: int | float | str, high: int | float | str) -> int:
    """Compare two bounds: -1, 0 or 1. Texts that are both timestamps compare as instants.

    Raises ValueError when one is a number and the other a text.
    """
    if isinstance(low, str) != isinstance(high, str):
        raise ValueError(f"{low!r} and {high!r} cannot be compared: one is a text, the other a number")
    a: Any = low
    b: Any = high
    if isinstance(low, str) and _parses(datetime.fromisoformat, low) and _parses(parse_timestamp, str(high)):
        a, b = parse_timestamp(low), parse_timestamp(high)
    return int(a > b) - int(a < b)


def check_regex(pattern: str) -> str:
    """Refuse what a linear-time engine (RE2) cannot do, which backtracking engines accept.

    Raises ValueError. Everything else about the syntax is RE2's to judge, when it compiles the pattern.
    """
    in_class, i = False, 0
    while i < len(pattern):
        if pattern[i] == "\\":
            if not in_class and pattern[i + 1 : i + 2] in tuple("123456789"):
                raise ValueError(
                    f"backreference in {pattern!r}: patterns run in linear time (RE2), without them"
                )
            i += 2
            continue
        if in_class:
            in_class = pattern[i] != "]"
        elif pattern[i] == "[":
            in_class = True
            i += 1 if pattern[i + 1 : i + 2] == "^" else 0
            i += 1 if pattern[i + 1 : i + 2] == "]" else 0
        elif pattern.startswith(("(?=", "(?!", "(?<=", "(?<!", "(?>"), i):
            raise ValueError(
                f"look-around or atomic group in {pattern!r}: patterns run in linear time (RE2), without them"
            )
        i += 1
    return pattern


Regex = Annotated[str, Field(min_length=1), AfterValidator(check_regex)]
"""A regular expression of RE2: linear time, no look-around, no backreferences."""


class Column(Frozen):
    """What is declared of one column; each word constrains, none is required."""

    type: ColumnType | None = None
    """Every value is of this type; text sources are read as it, others converted where nothing is lost."""
    nullable: bool = True
    """Whether nulls may occur."""
    unique: bool = False
    """Whether no value occurs twice; nulls do not count."""
    min: Bound | None = None
    """The smallest value allowed."""
    max: Bound | None = None
    """The largest value allowed."""
    allowed: Annotated[tuple[Member, ...], Field(min_length=1)] | None = None
    """All values allowed."""
    pattern: Regex | None = None
    """A regular expression (RE2) that is found somewhere in every value; anchor with ^ and $."""
    description: str | None = None
    """For readers."""

    @model_validator(mode="after")
    def _sensible(self) -> "Column":
        if self.type is not None:
            self._fits_type(self.type)
        elif self.pattern is not None and any(
            isinstance(bound, int | float) for bound in (self.min, self.max)
        ):
            raise ValueError("`pattern` is for strings, a number as `min` or `max` for numbers")
        if self.min is not None and self.max is not None and ordered(self.min, self.max) > 0:
            raise ValueError(f"`min` {self.min!r} is greater than `max` {self.max!r}")
        return self

    def _fits_type(self, type_: str) -> None:
        if self.pattern is not None and type_ != "string":
            raise ValueError(f"`pattern` is for string columns; this one is {type_}")
        for key, bound in (("min", self.min), ("max", self.max)):
            if bound is None:
                continue
            if not (is_numeric(type_) or type_ in TEMPORAL):
                raise ValueError(f"`{key}` is for numbers, dates and times; this column is {type_}")
            if not fits(bound, type_) and not (is_integer(type_) and isinstance(bound, float)):
                raise ValueError(f"`{key}` is {bound!r}, which is no {type_}")
        if self.unique and type_ in ("nested", "bool"):
            raise ValueError(f"`unique` makes no sense for a {type_} column")
        for value in self.allowed or ():
            if not fits(value, type_):
                raise ValueError(f"`allowed` holds {value!r}, which is no {type_}")


Schema = Mapping[str, str]
"""Column name → column type, in the file's order."""

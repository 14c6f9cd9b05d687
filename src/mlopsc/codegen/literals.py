"""Values as Python source: the one way that a value gets into generated code.

Everything is on one line; `mlopsc.codegen.formatting` lays out what is too long.
"""

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any

from mlopsc.diagnostics.errors import MlopscError


class Code(str):
    """Text that is Python source already, not a value to be quoted. Only this package's functions make it."""

    __slots__ = ()


def literal(value: Any) -> Code:
    """Return an expression that evaluates to `value`.

    Takes what JSON knows, tuples, sets, dates, datetimes and timedeltas (these need `import datetime` in the
    generated module) and `Code`, which is returned as it is. Raises MlopscError for anything else.
    """
    match value:
        case Code():
            return value
        case Enum():
            return literal(value.value)
        case None | bool():
            return Code(repr(value))
        case str():
            return Code(quote(value))
        case int():
            return Code(int.__repr__(value))
        case float():
            return Code(_number(value))
        case Mapping():
            return Code(
                "{" + ", ".join(f"{literal(key)}: {literal(item)}" for key, item in value.items()) + "}"
            )
        case list():
            return Code("[" + _listed(value) + "]")
        case tuple():
            return Code(f"({_listed(value)},)" if len(value) == 1 else f"({_listed(value)})")
        case set() | frozenset():
            return Code("{" + _listed(sorted(value)) + "}" if value else "set()")
        case datetime() | date() | timedelta():
            return Code(_time(value))
        case _:
            raise MlopscError(f"a {type(value).__name__} cannot be written as Python source: {value!r}")


def quote(text: str) -> str:
    """Return a string literal, in double quotes unless that needs more escapes.

    Control and format characters (bidirectional marks among them), lone surrogates and blanks other than the
    space are escaped; letters of any script stay as they are.
    """
    mark = "'" if text.count('"') > text.count("'") else '"'
    return mark + "".join(_escaped(character, mark) for character in text) + mark


def call(function: str, *arguments: Any, **keywords: Any) -> Code:
    """Return a call of a function by its (dotted) name, its arguments as literals."""
    parts: list[str] = [literal(argument) for argument in arguments]
    parts += [f"{dotted_name(name)}={literal(value)}" for name, value in keywords.items()]
    return Code(f"{dotted_name(function)}({', '.join(parts)})")


def ports(single: Mapping[str, Code], lists: Mapping[str, tuple[str, str]]) -> Code:
    """Return a dict of ports: `single` ones by name, and ports `STEM_0`, `STEM_1`, … of what comes as a list.

    `lists` has, by stem, the name of the list and what is taken of each `one` of it: `("trials", "one.path")`.
    """
    numbered = [
        f'f"{dotted_name(stem)}_{{place}}": {taken} for place, one in enumerate({dotted_name(name)})'
        for stem, (name, taken) in lists.items()
    ]
    if len(numbered) == 1 and not single:
        return Code(f"{{{numbered[0]}}}")
    parts = [f"{literal(port)}: {value}" for port, value in single.items()]
    return Code(f"{{{', '.join([*parts, *(f'**{{{one}}}' for one in numbered)])}}}")


def dotted_name(text: str) -> Code:
    """Return a name as code; raises MlopscError unless it is an identifier or a dotted sequence of them."""
    from keyword import iskeyword

    if not all(part.isidentifier() and part.isascii() and not iskeyword(part) for part in text.split(".")):
        raise MlopscError(f"{text!r} is no Python name")
    return Code(text)


def comment(text: str) -> Code:
    """Return text for the rest of a `#` line: one line, nothing invisible in it."""
    return Code(visible(" ".join(text.split())))


def docstring(text: str) -> Code:
    """Return text as a docstring, its triple quotes included; lines keep their breaks."""
    body = "\n".join(visible(line).replace("\\", "\\\\") for line in text.splitlines())
    if '"""' in body or body.endswith('"'):
        body = body.replace('"', '\\"')
    return Code(f'"""{body}"""')


def visible(text: str) -> str:
    """Return text with its unprintable characters shown as escapes."""
    return "".join(character if character.isprintable() else _escape(character) for character in text)


def _escaped(character: str, mark: str) -> str:
    if character in (mark, "\\"):
        return "\\" + character
    return character if character.isprintable() else _escape(character)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _number(value: float) -> str:
    if math.isfinite(value):
        return float.__repr__(value).replace("e+", "e")
    return f'float("{value!r}")'


def _listed(values: Any) -> str:
    return ", ".join(literal(value) for value in values)


def _time(value: date | timedelta) -> str:
    match value:
        case timedelta(days=days, seconds=seconds, microseconds=microseconds):
            parts = {"days": days, "seconds": seconds, "microseconds": microseconds}
            return call("datetime.timedelta", **{name: part for name, part in parts.items() if part})
        case datetime():
            instant = (value if value.tzinfo is None else value.astimezone(UTC)).replace(tzinfo=None)
            parts = dict(zip(("hour", "minute", "second", "microsecond"), _clock(instant), strict=True))
            zone = {} if value.tzinfo is None else {"tzinfo": Code("datetime.UTC")}
            day = (instant.year, instant.month, instant.day)
            return call(
                "datetime.datetime", *day, **{name: part for name, part in parts.items() if part}, **zone
            )
        case _:
            return call("datetime.date", value.year, value.month, value.day)


def _clock(instant: datetime) -> tuple[int, int, int, int]:
    return instant.hour, instant.minute, instant.second, instant.microsecond

"""Delimited text as a source, and its dialects."""

import codecs
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.vocabulary.sources.base import Files

_Character = Annotated[str, StringConstraints(min_length=1, max_length=1)]
_DIRECT = ("utf-8", "utf-16", "latin-1")
_COMMON = (*_DIRECT, "cp1252", "cp437", "iso-8859-15", "shift_jis", "gb18030", "big5", "euc-kr", "koi8-r")
_NO_TEXT = {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "utf-7", "mbcs", "oem"}
_DIRECTIVE = re.compile(r"%(-?.?)", re.DOTALL)
_KNOWN = {*"aAbBdHIjmMpSyYfz%", "-d", "-m", "-H", "-I", "-M", "-S", "-j", "-y"}


def _encoding(name: str) -> str:
    if name in _DIRECT:
        return name
    try:
        found = codecs.lookup(name)
        if found.name in _NO_TEXT or not getattr(found, "_is_text_encoding", True):
            raise LookupError
        "".encode(found.name)
    except (LookupError, UnicodeError, ValueError):
        hint = did_you_mean(name, _COMMON) or f"expected one that Python knows: {', '.join(_COMMON)}, …"
        raise ValueError(f"unknown encoding {name!r}; {hint}") from None
    return name


def _directives(text: str) -> set[str]:
    found = set(_DIRECTIVE.findall(text))
    if unknown := sorted(found - _KNOWN):
        raise ValueError(
            f"unknown directive '%{unknown[0]}' in {text!r}; expected those of strptime: %Y %m %d …"
        )
    return {directive.lstrip("-") for directive in found}


def _date_format(text: str) -> str:
    found = _directives(text)
    if not (found & {"y", "Y"} and ("j" in found or ("d" in found and found & {"m", "b", "B"}))):
        raise ValueError(f"{text!r} says no date: expected year, month and day, such as %d.%m.%Y")
    if found & {*"HIMSfpz"}:
        raise ValueError(f"{text!r} says a time of day: that belongs in `timestamp_format`")
    return text


def _timestamp_format(text: str) -> str:
    found = _directives(text)
    if not (found & {"y", "Y"} and ("j" in found or ("d" in found and found & {"m", "b", "B"}))):
        raise ValueError(f"{text!r} says no date: expected year, month and day, such as %d.%m.%Y %H:%M")
    if not found & {"H", "I"} or ("I" in found and "p" not in found):
        raise ValueError(f"{text!r} says no hour: expected %H, or %I with %p")
    return text


class CsvSource(Files):
    """Delimited text, plain or compressed with gzip or zstd. An empty cell is null; every row has as many cells as
    the header; blank lines are skipped."""

    type: Literal["csv"] = "csv"
    delimiter: _Character = ","
    """What separates the cells of a row."""
    header: bool = True
    """Whether the first row holds the names; without it they are `column0`, `column1`, …"""
    quote: _Character | None = '"'
    """What encloses a cell that holds the delimiter or a line break; doubled, it stands for itself. With null,
    quotes are characters like others."""
    escape: _Character | None = None
    """What stands before a quote within a quoted cell, if that is not doubled: a backslash."""
    comment: _Character | None = None
    """What begins a comment: the rest of the line is no data."""
    skip_rows: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    """Lines before the header, or before the first row, which are no data."""
    nulls: tuple[Annotated[str, StringConstraints(min_length=1)], ...] = ()
    """Texts that mean null (`NA`), besides the empty cell."""
    decimal: Literal[".", ","] = "."
    """What separates the whole part of a number from its fraction."""
    thousands: Literal[",", ".", " ", "'", "_", "\u00a0", "\u202f"] | None = None
    """What separates groups of three digits."""
    date_format: Annotated[str, AfterValidator(_date_format)] | None = None
    """How dates are written, as for strptime (`%d.%m.%Y`); without it as 2013-12-31."""
    timestamp_format: Annotated[str, AfterValidator(_timestamp_format)] | None = None
    """How timestamps are written (`%d.%m.%Y %H:%M`); with `%z` they say their offset. Without it as
    2013-12-31 15:00:00, with or without offset."""
    encoding: Annotated[str, AfterValidator(_encoding)] = "utf-8"
    """The text's encoding, any that Python knows (`cp1252`, `shift_jis`); a byte order mark is ignored."""
    bad_lines: Literal["error", "quarantine"] = "error"
    """What a line comes to that cannot be read: too many or too few cells, a quote that is not closed, bytes that are
    no text, a cell that is not of its column's declared type. `error` refuses the file and says where; `quarantine`
    puts the line aside, with its number and the reason, and goes on without it."""

    @model_validator(mode="after")
    def _distinct(self) -> "CsvSource":
        signs = {"delimiter": self.delimiter, "quote": self.quote, "comment": self.comment}
        seen: dict[str, str] = {}
        for name, sign in signs.items():
            if sign is None:
                continue
            if sign in "\n\r":
                raise ValueError(f"`{name}` cannot be a line break")
            if sign in seen:
                raise ValueError(f"`{seen[sign]}` and `{name}` are both {sign!r}")
            seen[sign] = name
        if self.escape is not None and (self.quote is None or self.escape in (self.delimiter, *"\n\r")):
            raise ValueError(
                "`escape` stands before a quote: it needs `quote`, and is no delimiter or line break"
            )
        if self.thousands == self.decimal:
            raise ValueError(f"`decimal` and `thousands` are both {self.decimal!r}")
        return self

    @property
    def recoded(self) -> str | None:
        """The codec by which the text is made UTF-8 before it is read; None where that is not needed."""
        direct = _DIRECT if self.bad_lines == "error" else _DIRECT[:1]
        return None if self.encoding in direct else codecs.lookup(self.encoding).name

    @property
    def read_as(self) -> str:
        """The encoding of what is read, after `recoded`."""
        return self.encoding if self.recoded is None else "utf-8"

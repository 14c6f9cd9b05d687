"""Scalars of YAML: what plain text means under the core schema of 1.2, and where each character came from."""

import re
from collections.abc import Iterator

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"([-+]?)\.(?:(inf|Inf|INF)|(nan|NaN|NAN))")
_FIRST = frozenset("-+.0123456789~nNtTfF")
_LEGACY = re.compile(r"[-+]?0[0-9]+")
_MAX_DIGITS = 400

_BLANK = frozenset(" \t\n\r\x85\u2028\u2029")
_ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r",
    "e": "\x1b", " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028",
    "P": "\u2029", "\n": "\n", "\r": "\n",
}  # fmt: skip
_HEX = {"x": 2, "u": 4, "U": 8}


def plain_value(text: str) -> str | int | float | bool | None:
    """Return what an unquoted scalar means.

    Raises ValueError when it is a number that is too large to hold.
    """
    if text and text[0] not in _FIRST:
        return text
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _INT.fullmatch(text):
        if len(text) > _MAX_DIGITS:
            raise ValueError(f"a whole number of {len(text)} characters")
        return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        if number in {float("inf"), float("-inf")}:
            raise ValueError(f"{text} is beyond the range of a float")
        return number
    if special := _SPECIAL.fullmatch(text):
        sign, infinite, _ = special.groups()
        if infinite:
            return float(f"{sign}inf")
        return text if sign else float("nan")
    return text


def is_legacy_octal(text: str) -> bool:
    """Say whether an unquoted scalar is one that YAML 1.1 reads as octal and 1.2 as decimal: `0755`."""
    return text[:1] in "0-+" and _LEGACY.fullmatch(text) is not None


def source_offsets(source: str, style: str, value: str, begin: int, end: int) -> list[tuple[int, int]]:
    """Return for each character of a scalar's value where its spelling starts and ends in the source.

    `source[begin:end]` is the scalar with its quotes or block header. Blanks may come of folding, so they
    have no spelling of their own: they get the empty stretch behind the character before them.
    """
    units = _units(source, style, begin, end)
    offsets: list[tuple[int, int]] = []
    after = begin
    for character in value:
        if character not in _BLANK:
            for decoded, start, stop in units:
                if decoded == character:
                    offsets.append((start, stop))
                    after = stop
                    break
            else:
                break
        else:
            offsets.append((after, after))
    return offsets + [(after, after)] * (len(value) - len(offsets))


def _units(source: str, style: str, begin: int, end: int) -> Iterator[tuple[str, int, int]]:
    """Yield the spelt characters of a scalar with their stretches."""
    if style in {"|", ">"}:
        header = re.compile(r"[^\r\n]*").match(source, begin, end)
        at = header.end() if header else begin
    else:
        at = begin + 1 if style else begin
        end = end - 1 if style else end
    while at < end:
        length = 1
        decoded = source[at]
        if style == "'" and decoded == "'":
            length = 2
        elif style == '"' and decoded == "\\":
            kind = source[at + 1]
            if kind in _HEX:
                length = 2 + _HEX[kind]
                decoded = chr(int(source[at + 2 : at + length], 16))
            else:
                length = 2
                decoded = _ESCAPES.get(kind, kind)
        yield decoded, at, at + length
        at += length

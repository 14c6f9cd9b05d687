"""YAML as a person writes it: plain scalars where nothing else could be meant, maps and lists in flow style."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

_PLAIN = re.compile(r"[A-Za-z_/.][A-Za-z0-9_./:()+ -]*[A-Za-z0-9_/()]|[A-Za-z_]")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"}
"""Words that some reader of YAML takes for something else than text."""
_NUMBER = re.compile(r"[-+.]?[0-9.]")


def scalar(value: Any) -> str:
    """Return a value as one line of YAML, which the loader reads back as the same value."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case _:
            return _text(str(value))


def _text(value: str) -> str:
    plain = (
        _PLAIN.fullmatch(value) is not None
        and value.lower().strip(".") not in _WORDS
        and not _NUMBER.match(value)
        and ": " not in value
    )
    if plain:
        return value
    if value.isprintable():
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    escaped = "".join(c if c.isprintable() and c not in '"\\' else _escape(c) for c in value)
    return f'"{escaped}"'


def _escape(character: str) -> str:
    short = {"\t": "\\t", "\n": "\\n", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
    code = ord(character)
    return short.get(character) or (f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")


def flow(value: Any) -> str:
    """Return a value in flow style: `{type: int64, min: 0}`, `[a, b]`."""
    match value:
        case Mapping():
            return "{" + ", ".join(f"{scalar(key)}: {flow(item)}" for key, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(flow(item) for item in value) + "]"
        case _:
            return scalar(value)


def wrapped(head: str, items: Sequence[str], width: int) -> list[str]:
    """Return the lines of `head [a, b, …]`, broken between items, later lines below the first item."""
    lines, line = [], f"{head} ["
    indent = " " * len(line)
    for number, item in enumerate(items):
        piece = scalar(item) + ("]" if number == len(items) - 1 else ",")
        if len(line) + len(piece) > width and line.strip() and not line.endswith("["):
            lines.append(line.rstrip())
            line = indent
        line += piece + " "
    return [*lines, line.rstrip()]

"""YAML as a person writes it: maps and lists in flow style, broken where a line would be too long."""

from collections.abc import Mapping, Sequence
from typing import Any

from mlopsc.spec.written import scalar


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

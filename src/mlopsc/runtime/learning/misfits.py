"""Cells that a model cannot take: told by row and column, a handful of them, and how many there are."""

from collections.abc import Sequence

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.vocabulary.columns import Column

SHOWN = 5
"""How many cells are told one by one."""
WORDS = {"numeric": "a number", "boolean": "true or false", "string": "text"}
"""What a feature of each kind holds."""
_LONGEST = 80


def misfit_error(
    what: str, cells: Sequence[str], count: int, are: str = "cells are of another type"
) -> StepFailed:
    """Return the error for cells that do not fit: each of `cells` says one, `count` how many there are, and `are` what
    several of them are.

    Its first line tells the first, for where there is room for no more.
    """
    many = "" if count == 1 else f"{count} {are}; "
    rest = [*cells[1:], *([f"and {count - len(cells)} more"] if count > len(cells) else [])]
    return StepFailed(
        "\n".join([f"{what}: {many}{cells[0]}", *rest]), help="correct the data; nothing was predicted"
    )


def expected(column: Column, kind: str | None) -> str:
    """Return in words what a column's cells must be; a feature is of a kind."""
    return (
        WORDS[kind] if kind is not None and column.type in ("float64", "bool", "string") else str(column.type)
    )


def shown(value: object) -> str:
    """Return a value as messages show it."""
    text = str(value)
    return repr(text if len(text) <= _LONGEST else text[:_LONGEST] + "…")


def class_word(label: object) -> str:
    """Return a class as text: `true`, `1`, `spam`."""
    return str(label).lower() if isinstance(label, bool) else str(label)

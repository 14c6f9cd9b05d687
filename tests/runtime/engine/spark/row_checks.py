"""A user's checks, which both engines call."""

from typing import Any


def large(table: Any, least: int) -> Any:
    """Return true for each row whose key is large; of a missing one, false."""
    return table["k"] > least


def any_row(table: Any) -> tuple[bool, str]:
    """Return whether there are rows."""
    return len(table) > 0, "no rows"

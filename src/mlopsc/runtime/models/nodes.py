"""The nodes of a model's schema: the JSON objects of which each stands for one Python object."""

from collections.abc import Iterator
from typing import Any

from mlopsc.diagnostics.errors import StoreError

MAX_DEPTH = 200
"""Of lists and objects within each other; a real model needs a few dozen."""


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield all nodes in the order of the text, an outer one before those within it.

    Raises StoreError, at the place, for a schema nested deeper than MAX_DEPTH.
    """
    waiting: list[tuple[Any, int]] = [(schema, 0)]
    while waiting:
        part, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise StoreError(f"not a model: nested deeper than {MAX_DEPTH}")
        if isinstance(part, dict):
            if isinstance(part.get("__loader__"), str):
                yield part
            inner = [value for value in part.values() if isinstance(value, dict | list)]
        else:
            inner = [value for value in part if isinstance(value, dict | list)]
        depth += 1
        waiting += [(value, depth) for value in reversed(inner)]

"""Which user functions a spec's value or a step's configuration names, while `${params.x}` still stands in it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mlopsc.vocabulary.names import FunctionReference

_REFERENCE = re.compile(FunctionReference.__metadata__[0].pattern)  # type: ignore[attr-defined]
_LISTS = frozenset({"code", "lineage_code"})
"""Fields of operations that list functions; everywhere else one stands under `python`."""


def functions_in(value: Any) -> tuple[str, ...]:
    """Return the references `package.module:function`, each once, sorted.

    Of an operation's configuration they are those that its `functions()` returns, and any that it hands on.
    """
    return tuple(sorted(set(_functions(value))))


def _functions(value: Any) -> Iterator[str]:
    match value:
        case Mapping():
            for key, item in value.items():
                named = [item] if key == "python" else item if key in _LISTS else ()
                if isinstance(named, list | tuple):
                    yield from (one for one in named if isinstance(one, str) and _REFERENCE.match(one))
                yield from _functions(item)
        case list() | tuple():
            for item in value:
                yield from _functions(item)

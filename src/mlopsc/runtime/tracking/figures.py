"""What an evaluation found, as flat numbers under names that MLflow takes: metrics, intervals, baselines, slices."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_OTHER = re.compile(r"[^\w\-. :]")
_LONGEST = 60
"""Characters of one part of a name; MLflow takes 250 in all."""
_SIGNS = {"<": "below", "≥": "from"}
_BETWEEN = re.compile(r" to < ")
Number = tuple[str, float | None]


def numbers(found: Mapping[str, Any]) -> Iterator[Number]:
    """Yield name and value of everything that the artifact `metrics` holds; None is a metric without a value.

    `auc`, `auc.low` and `auc.high` of its interval, `baseline.majority.auc`, `slice.region.north.auc` and
    `slice.region.north.rows`. Of slices whose names come to the same, the second ends in `_2`.
    """
    yield "test_rows", found["rows"]
    yield from _measured("", found)
    for name, values in found.get("baselines", {}).items():
        yield from _measured(f"baseline.{word(name)}.", {"metrics": values})
    for division, slices in found.get("slices", {}).items():
        used: dict[str, int] = {}
        for one in slices:
            name = f"slice.{word(division)}.{_label(one['slice'])}"
            used[name] = used.get(name, 0) + 1
            prefix = name if used[name] == 1 else f"{name}_{used[name]}"
            yield f"{prefix}.rows", one["rows"]
            yield from _measured(f"{prefix}.", one)


def word(text: str) -> str:
    """Return a part of a name; a character that may not stand there is an underscore."""
    return _OTHER.sub("_", text)[:_LONGEST]


def _measured(prefix: str, found: Mapping[str, Any]) -> Iterator[Number]:
    for name, value in found.get("metrics", {}).items():
        yield f"{prefix}{word(name)}", value
    for name, interval in found.get("intervals", {}).items():
        for end in ("low", "high"):
            yield f"{prefix}{word(name)}.{end}", interval[end]


def _label(text: str) -> str:
    """Return a slice's label, with words for the signs that bins are named by."""
    told = _BETWEEN.sub(" to ", text)
    for sign, meaning in _SIGNS.items():
        told = told.replace(sign, meaning)
    return word(told)

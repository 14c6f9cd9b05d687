"""Where two fitted estimators differ, by the names of their attributes, and numbers by how much."""

import math
import pickle
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlopsc.runtime.decisions import number

_UNPICKLED = (TypeError, AttributeError, pickle.PicklingError)
"""What is raised for an object that cannot be pickled."""


@dataclass(frozen=True)
class Difference:
    """A place where two objects differ."""

    place: str
    """Attributes, keys and positions on the way, with dots between."""
    by: float | None
    """The largest difference of numbers there; None where there are none, or of other shape."""

    def words(self) -> str:
        """Return the place and by how much."""
        return self.place if self.by is None else f"{self.place} (by {number(self.by)})"


def differences(before: Any, now: Any, place: str) -> list[Difference]:
    """Return the places where `now` is not as `before`, in the order of `before`; `place` is what leads to both."""
    return list(_differences(before, now, place, set()))


def _differences(before: Any, now: Any, place: str, seen: set[int]) -> Iterator[Difference]:
    if type(before) is not type(now):
        yield Difference(place, None)
        return
    match before:
        case np.ndarray() if before.dtype != object:
            yield from _of_arrays(before, now, place)
            return
        case bool() | int() | float() | complex() | str() | bytes() | None | np.generic():
            yield from _of_scalars(before, now, place)
            return
        case type():
            if before is not now:
                yield Difference(place, None)
            return
    if id(before) in seen:
        return
    seen.add(id(before))
    parts, others = _parts(before), _parts(now)
    if parts is None or others is None:
        if _pickled(before) != _pickled(now):
            yield Difference(place, None)
        return
    for name, value in parts.items():
        there = f"{place}.{name}" if place else name
        if name in others:
            yield from _differences(value, others[name], there, seen)
        else:
            yield Difference(there, None)
    for name in others:
        if name not in parts:
            yield Difference(f"{place}.{name}" if place else name, None)


def _parts(value: Any) -> dict[str, Any] | None:
    """Return what an object consists of by name; None when only its pickled form tells."""
    match value:
        case Mapping():
            return {str(key): item for key, item in value.items()}
        case list() | tuple():
            return dict(_called(item, index) for index, item in enumerate(value))
        case np.ndarray():
            return {str(index): item for index, item in enumerate(value.ravel())}
        case np.random.RandomState():
            return None
    state = getattr(value, "__dict__", None)
    if not state:
        with suppress(*_UNPICKLED):
            state = (*value.__reduce_ex__(2)[2:3], None)[0]
    return {str(key): item for key, item in state.items()} if isinstance(state, Mapping) else None


def _pickled(value: Any) -> bytes | None:
    """Return an object's pickled form; None, which equals any other, of what has none."""
    with suppress(*_UNPICKLED):
        return pickle.dumps(value)
    return None


def _called(item: Any, index: int) -> tuple[str, Any]:
    """Return what an item of a list is called, and the item: a named step by its name, without it."""
    if isinstance(item, tuple) and len(item) > 1 and isinstance(item[0], str):
        return item[0], item[1] if len(item) == 2 else item[1:]
    return str(index), item


def _of_arrays(before: Any, now: Any, place: str) -> Iterator[Difference]:
    if before.shape != now.shape or before.dtype != now.dtype:
        yield Difference(place, None)
    elif before.dtype.names:
        for name in before.dtype.names:
            yield from _of_arrays(before[name], now[name], f"{place}.{name}")
    elif before.tobytes() != now.tobytes():
        far = np.abs(before.astype(float) - now.astype(float)) if before.dtype.kind in "biuf" else None
        yield Difference(place, None if far is None or not np.isfinite(far).any() else float(np.nanmax(far)))


def _of_scalars(before: Any, now: Any, place: str) -> Iterator[Difference]:
    both = isinstance(before, int | float | np.number) and not isinstance(before, bool)
    if before == now or (both and math.isnan(before) and math.isnan(now)):
        return
    far = abs(float(before) - float(now)) if both else None
    yield Difference(place, far if far is None or math.isfinite(far) else None)

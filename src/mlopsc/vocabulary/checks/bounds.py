"""Checks that hold something between two bounds."""

from typing import Any

from pydantic import model_validator

from mlopsc.vocabulary.checks.base import BaseCheck
from mlopsc.vocabulary.columns import TEMPORAL, Bound, fits, is_integer, is_numeric, ordered


class Bounded(BaseCheck):
    """Bounds of any ordered type, at least one of them."""

    min_value: Bound | None = None
    """The lower bound; itself allowed unless `strict_min`."""
    max_value: Bound | None = None
    """The upper bound; itself allowed unless `strict_max`."""
    strict_min: bool = False
    """Whether the lower bound itself is not allowed."""
    strict_max: bool = False
    """Whether the upper bound itself is not allowed."""

    @model_validator(mode="after")
    def _sensible(self) -> "Bounded":
        if self.min_value is None and self.max_value is None:
            raise ValueError("needs `min_value`, `max_value` or both")
        if self.strict_min and self.min_value is None:
            raise ValueError("`strict_min` without `min_value`")
        if self.strict_max and self.max_value is None:
            raise ValueError("`strict_max` without `max_value`")
        if self.min_value is not None and self.max_value is not None:
            order = ordered(self.min_value, self.max_value)
            if order > 0:
                raise ValueError(
                    f"`min_value` {self.min_value!r} is greater than `max_value` {self.max_value!r}"
                )
            if order == 0 and (self.strict_min or self.strict_max):
                raise ValueError(
                    f"nothing is strictly between {self.min_value!r} and itself: drop the strict bounds"
                )
        return self


class NumberBounded(Bounded):
    """Bounds that are numbers."""

    @model_validator(mode="after")
    def _numbers(self) -> "NumberBounded":
        for key, bound in (("min_value", self.min_value), ("max_value", self.max_value)):
            if isinstance(bound, str):
                raise ValueError(f"`{key}` must be a number, found {bound!r}")
        return self


class Counted(NumberBounded):
    """Bounds of a count."""

    @model_validator(mode="after")
    def _counts(self) -> "Counted":
        for key, bound in (("min_value", self.min_value), ("max_value", self.max_value)):
            if bound is not None and (not isinstance(bound, int) or bound < 0):
                raise ValueError(f"`{key}` is a count: expected a whole number from 0, found {bound!r}")
        return self


class Proportion(NumberBounded):
    """Bounds of a proportion, from 0 to 1."""

    @model_validator(mode="after")
    def _proportions(self) -> "Proportion":
        for key, bound in (("min_value", self.min_value), ("max_value", self.max_value)):
            if bound is not None and not (isinstance(bound, int | float) and 0 <= bound <= 1):
                raise ValueError(f"`{key}` is a proportion: expected a number from 0 to 1, found {bound!r}")
        return self


def unordered(check: Bounded, kind: str) -> str | None:
    """Return what the bounds of a column's own values need that a type is not."""
    bounds: list[Any] = [bound for bound in (check.min_value, check.max_value) if bound is not None]
    if not (is_numeric(kind) or kind in (*TEMPORAL, "string")):
        return "an ordered type"
    if all(fits(bound, kind) or (is_integer(kind) and isinstance(bound, float)) for bound in bounds):
        return None
    return "numbers" if not isinstance(bounds[0], str) else f"{kind}s as bounds"

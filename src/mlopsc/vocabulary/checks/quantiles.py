"""Checks of a column's quantiles."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.checks.base import OfColumn
from mlopsc.vocabulary.columns import is_numeric

Interpolation = Literal["linear", "lower", "higher", "midpoint", "nearest"]
Range = Annotated[tuple[float | None, ...], Field(min_length=2, max_length=2)]


class QuantileRanges(Frozen):
    """Quantiles, and for each the range that its value must lie in."""

    quantiles: Annotated[tuple[Annotated[float, Field(ge=0, le=1)], ...], Field(min_length=1)]
    """The quantiles, from 0 to 1."""
    value_ranges: Annotated[tuple[Range, ...], Field(min_length=1)]
    """For each a list of the least and the greatest value, both allowed; null is no bound."""

    @model_validator(mode="after")
    def _sensible(self) -> "QuantileRanges":
        if len(self.quantiles) != len(self.value_ranges):
            raise ValueError(
                f"{len(self.quantiles)} `quantiles` and {len(self.value_ranges)} `value_ranges`: give one for each"
            )
        for low, high in self.value_ranges:
            if low is not None and high is not None and low > high:
                raise ValueError(
                    f"`value_ranges` holds {[low, high]}, whose first is greater than its second"
                )
        if all(bound is None for bounds in self.value_ranges for bound in bounds):
            raise ValueError("`value_ranges` bounds nothing")
        return self


class ColumnQuantileValuesToBeBetween(OfColumn):
    """The quantiles of a column of numbers lie in ranges; without values it fails.

    As in Great Expectations on a frame, a quantile is the value nearest to the position (n - 1) q, of two equally
    near ones the one at the even position; `allow_relative_error` names another rule.
    """

    expect: Literal["column_quantile_values_to_be_between"] = "column_quantile_values_to_be_between"
    quantile_ranges: QuantileRanges
    """Quantiles and ranges."""
    allow_relative_error: Literal[False] | Interpolation = False
    """How a value between two positions is found; false is `nearest`."""

    def misfit(self, kind: str) -> str | None:
        """Return that it needs numbers."""
        return None if is_numeric(kind) else "numbers"

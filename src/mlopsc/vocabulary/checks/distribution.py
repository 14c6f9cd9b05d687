"""Checks of how a column's values are distributed."""

import math
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.checks.base import OfColumn, Share
from mlopsc.vocabulary.columns import Member, fits, is_numeric

Weights = Annotated[tuple[Share, ...], Field(min_length=1)]


class Partition(Frozen):
    """An expected distribution: `values` with `weights`, or `bins` with `weights` between their edges."""

    values: Annotated[tuple[Member, ...], Field(min_length=1)] | None = None
    """The values of a categorical column."""
    bins: Annotated[tuple[float, ...], Field(min_length=2)] | None = None
    """The increasing edges of the bins of a column of numbers."""
    weights: Weights
    """The share of each value or bin; with `tail_weights` they add up to 1."""
    tail_weights: Annotated[tuple[Share, ...], Field(min_length=2, max_length=2)] | None = None
    """The shares below the first and above the last edge."""

    @model_validator(mode="after")
    def _sensible(self) -> "Partition":
        if (self.values is None) == (self.bins is None):
            raise ValueError("a partition has either `values` or `bins`")
        wanted = len(self.values) if self.values is not None else len(self.bins or ()) - 1
        if len(self.weights) != wanted:
            raise ValueError(f"{len(self.weights)} `weights`, expected {wanted}")
        if self.values is not None and len({(type(v) is bool, v) for v in self.values}) < len(self.values):
            raise ValueError("`values` holds a value twice")
        if self.bins is not None and any(
            not low < high for low, high in zip(self.bins, self.bins[1:], strict=False)
        ):
            raise ValueError("`bins` must increase")
        if self.bins is not None and not all(map(math.isfinite, self.bins)):
            raise ValueError("`bins` must be finite: what lies beyond them has its share in `tail_weights`")
        if self.tail_weights is not None and self.bins is None:
            raise ValueError("`tail_weights` are those beyond `bins`")
        total = sum(self.weights) + sum(self.tail_weights or ())
        if not math.isclose(total, 1, rel_tol=1e-5, abs_tol=1e-8):
            raise ValueError(f"the weights add up to {total}, expected 1")
        return self


class ColumnKlDivergenceToBeLessThan(OfColumn):
    """The relative entropy of the column's distribution to an expected one is at most `threshold`.

    Where something occurs whose expected weight is 0 it is infinite, and the check fails; the holdouts give such
    things a weight. Without values it fails.
    """

    expect: Literal["column_kl_divergence_to_be_less_than"] = "column_kl_divergence_to_be_less_than"
    partition_object: Partition
    """The expected distribution."""
    threshold: Annotated[float, Field(ge=0)]
    """The greatest entropy that passes, in nats."""
    internal_weight_holdout: Share = 0
    """The weight that is shared out among bins whose weight is 0."""
    tail_weight_holdout: Share = 0
    """The weight of the values below and above all bins, half for each, or of all values that are not expected."""
    bucketize_data: bool = True
    """As in Great Expectations; `bins` need true."""

    @model_validator(mode="after")
    def _suitable(self) -> "ColumnKlDivergenceToBeLessThan":
        partition = self.partition_object
        if partition.values is not None and self.internal_weight_holdout > 0:
            raise ValueError("`internal_weight_holdout` is for `bins`")
        if partition.bins is not None and not self.bucketize_data:
            raise ValueError("`bins` need `bucketize_data: true`")
        if self.tail_weight_holdout > 0 and partition.tail_weights is not None:
            raise ValueError("`tail_weight_holdout` and `tail_weights` are about the same weight: give one")
        if self.internal_weight_holdout + self.tail_weight_holdout > 1:
            raise ValueError("the holdouts are together more than 1")
        return self

    def misfit(self, kind: str) -> str | None:
        """Return that bins need numbers, and values those of the column's type."""
        if self.partition_object.bins is not None:
            return None if is_numeric(kind) else "numbers"
        odd: Any = next((v for v in self.partition_object.values or () if not fits(v, kind)), None)
        return None if odd is None else f"values of its column's type, {odd!r} is none"

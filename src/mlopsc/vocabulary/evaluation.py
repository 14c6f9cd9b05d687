"""What an evaluation can be asked for beside metrics: slices, intervals, values of decisions, baselines, reasons."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.names import Name


class Slice(Frozen):
    """Rows of the test part measured by themselves: those of each value of a column, of each bin of its numbers, of
    each combination of several columns, or those where a condition holds and those where not. Null is a slice."""

    name: Name | None = None
    """What the slices are called; the column's name, or the columns' with `+`, by default."""
    column: str | None = None
    """A feature, or a column of the entities that is none."""
    columns: Annotated[tuple[str, ...], Field(min_length=2)] | None = None
    """Columns whose combinations are slices."""
    sql: Annotated[str, Field(min_length=1)] | None = None
    """A condition over the entities' columns."""
    bins: Annotated[tuple[float, ...], Field(min_length=1)] | None = None
    """Rising edges: `[25, 40]` makes the slices below 25, from 25 to below 40, and from 40."""
    quantiles: Annotated[int, Field(ge=2, le=20)] | None = None
    """So many bins of about equally many rows."""
    min_rows: Annotated[int, Field(ge=1)] = 30
    """A slice of fewer rows is counted, and not measured."""

    @model_validator(mode="after")
    def _one_way(self) -> "Slice":
        if sum(way is not None for way in (self.column, self.columns, self.sql)) != 1:
            raise ValueError("expected exactly one of `column`, `columns` and `sql`")
        if self.sql is not None and self.name is None:
            raise ValueError("slices by `sql` need a `name`")
        if self.column is None and (self.bins is not None or self.quantiles is not None):
            raise ValueError("`bins` and `quantiles` divide one `column`")
        if self.bins is not None and self.quantiles is not None:
            raise ValueError("expected `bins` or `quantiles`, not both")
        if self.bins is not None and any(a >= b for a, b in zip(self.bins, self.bins[1:], strict=False)):
            raise ValueError("`bins` must rise")
        return self

    @property
    def called(self) -> str:
        """What the slices are called."""
        return self.name or self.column or "+".join(self.columns or ())

    @property
    def read(self) -> tuple[str, ...]:
        """The columns that are named (those in SQL are not)."""
        return (self.column,) if self.column is not None else self.columns or ()


def as_slice(entry: str | Slice) -> Slice:
    """Return an entry of `slices`; a text is a column."""
    return Slice(column=entry) if isinstance(entry, str) else entry


class Intervals(Frozen):
    """Confidence intervals of the metrics by bootstrap (Efron 1979): the test part's rows are drawn again and again."""

    method: Literal["percentile", "bca"] = "percentile"
    """`bca` corrects bias and skewness (Efron 1987)."""
    resamples: Annotated[int, Field(ge=100, le=100_000)] = 1000
    """How often they are drawn."""
    level: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    """The share of such intervals that hold the true value."""
    by: str | None = None
    """A column whose groups of rows are drawn as a whole, since their rows are not independent: patients, shops."""
    stratified: bool = False
    """Each class keeps its number of rows in every resample."""

    @model_validator(mode="after")
    def _one_scheme(self) -> "Intervals":
        if self.by is not None and self.stratified:
            raise ValueError("`by` draws whole groups, `stratified` rows of each class: expected one of them")
        return self


class BinaryCosts(Frozen):
    """What each decision between two classes is worth, in any one unit of money; costs are negative."""

    true_positive: float
    """Value of a positive row that is taken for one; positive is the class that sorts last."""
    false_positive: float
    """Value of a negative row that is taken for a positive one."""
    true_negative: float
    """Value of a negative row that is taken for one."""
    false_negative: float
    """Value of a positive row that is missed."""


CostMatrix = BinaryCosts | dict[str, dict[str, float]]
"""`{actual: {predicted: value}}` for more than two classes; pairs that are not named are worth 0."""


class Baselines(Frozen):
    """How the naive forecasts are made that metrics are reported beside."""

    previous_by: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Columns by which the previous value is looked up: that of the same shop, sensor or customer."""


class Explanation(Frozen):
    """What the model's answers hang on: permutation importance of each feature, and partial dependence of the most
    important ones, on rows of the test part."""

    top: Annotated[int, Field(ge=1, le=50)] = 10
    """Of so many features, the most important ones, the partial dependence is told."""
    repeats: Annotated[int, Field(ge=2, le=100)] = 5
    """How often each feature's values are shuffled."""
    rows: Annotated[int, Field(ge=10, le=100_000)] = 2000
    """At most so many rows are asked about, drawn at random by the training's seed."""

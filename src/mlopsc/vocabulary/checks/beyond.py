"""Checks that look beyond the table: at the run's clock, at another dataset, at what `mlops.lock` recorded."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from mlopsc.vocabulary.checks.base import BaseCheck, ColumnName, OfColumn, Share
from mlopsc.vocabulary.drift import DriftTests
from mlopsc.vocabulary.references import ParameterReference
from mlopsc.vocabulary.time import Duration, Timestamp


class Freshness(OfColumn):
    """The newest value of a column of times is at most `max_age` old at an instant; later values do not count.

    A date counts from its midnight in UTC. It fails where there is no value.
    """

    expect: Literal["freshness"] = "freshness"
    max_age: Duration
    """How old the newest value may be."""
    at: Timestamp | ParameterReference
    """The instant, usually a parameter of the run: `${params.as_of}`."""

    def misfit(self, kind: str) -> str | None:
        """Return that it needs times."""
        return None if kind in ("timestamp", "date") else "a timestamp or date"


class ForeignKey(BaseCheck):
    """Each combination of values is one of another dataset, as that was read; rows with a null do not count."""

    expect: Literal["foreign_key"] = "foreign_key"
    column_list: Annotated[tuple[ColumnName, ...], Field(min_length=1)]
    """The columns here."""
    dataset: Annotated[str, Field(min_length=1)]
    """The other dataset."""
    references: Annotated[tuple[ColumnName, ...], Field(min_length=1)] | None = None
    """The columns there, in the same order; without it, those of the same names."""
    mostly: Share = 1.0
    """The least share of the rows that must pass."""
    by_row: ClassVar[bool] = True

    @model_validator(mode="after")
    def _as_many(self) -> "ForeignKey":
        if self.references is not None and len(self.references) != len(self.column_list):
            count = f"{len(self.column_list)} here and {len(self.references)} there"
            raise ValueError(f"`column_list` and `references` name different numbers of columns: {count}")
        return self

    def columns(self) -> tuple[str, ...]:
        """Return the columns here."""
        return self.column_list

    def others(self) -> tuple[str, ...]:
        """Return the other dataset."""
        return (self.dataset,)

    @property
    def there(self) -> tuple[str, ...]:
        """The columns of the other dataset."""
        return self.references or self.column_list


class RowCountChange(BaseCheck):
    """The number of rows against that in `mlops.lock`; where the lock does not hold the dataset, it warns."""

    expect: Literal["row_count_change"] = "row_count_change"
    max_decrease: Share | None = None
    """How many rows may be missing, as a share of the locked number: 0.1 is a tenth."""
    max_increase: Annotated[float, Field(ge=0)] | None = None
    """How many rows may be new, likewise."""

    @model_validator(mode="after")
    def _sensible(self) -> "RowCountChange":
        if self.max_decrease is None and self.max_increase is None:
            raise ValueError("needs `max_decrease`, `max_increase` or both")
        if self.where is not None or self.row_condition is not None:
            raise ValueError("the lock knows the number of all rows alone: it takes no condition")
        return self


class DistributionUnchanged(BaseCheck):
    """Columns are distributed as they were when they were locked: no drift by the tests and the rule of monitors.

    `mlopsc lock` records a small profile of each column that such a check names. A column that the lock does not
    hold, or that has too few values to tell, is not compared, and that is a warning.
    """

    expect: Literal["distribution_unchanged"] = "distribution_unchanged"
    column: ColumnName | None = None
    """The column; or a `column_list`."""
    column_list: Annotated[tuple[ColumnName, ...], Field(min_length=1)] | None = None
    """Several columns."""
    tests: DriftTests = DriftTests()
    """The tests and their thresholds; p-values are corrected over the columns of this check."""

    @model_validator(mode="after")
    def _sensible(self) -> "DistributionUnchanged":
        if (self.column is None) == (self.column_list is None):
            raise ValueError("needs `column` or `column_list`, one of them")
        if self.column_list is not None and len({*self.column_list}) < len(self.column_list):
            raise ValueError("`column_list` names a column twice")
        if self.where is not None or self.row_condition is not None:
            raise ValueError("the lock knows the distribution of all rows alone: it takes no condition")
        return self

    def columns(self) -> tuple[str, ...]:
        """Return the columns."""
        return self.column_list or (str(self.column),)

    def misfit(self, kind: str) -> str | None:
        """Return that nested values cannot be compared."""
        return "numbers, times, text or booleans" if kind == "nested" else None

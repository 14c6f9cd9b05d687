"""What all checks have in common."""

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints, field_validator, model_validator

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.checks.row_condition import ConditionParser, RowCondition, as_sql
from mlopsc.vocabulary.contract import OnFailure

ColumnName = Annotated[str, StringConstraints(min_length=1)]
ColumnNames = Annotated[tuple[ColumnName, ...], Field(min_length=2)]
Share = Annotated[float, Field(ge=0, le=1)]


class BaseCheck(Frozen, defer_build=True):
    """One check of a table. Its model has a field `expect`, whose only value is its name."""

    expect: str
    """Which check this is."""
    on_failure: OnFailure | None = None
    """What its failure comes to; without it, what the dataset says."""
    name: str | None = None
    """What the report calls it."""
    description: str | None = None
    """For readers."""
    where: Annotated[str, StringConstraints(min_length=1)] | None = None
    """Which rows are looked at: a condition in SQL. The others are as if they were not there."""
    row_condition: RowCondition | None = None
    """The same as Great Expectations has it: text in the syntax of pandas, or a structured condition."""
    condition_parser: ConditionParser | None = None
    """The syntax of a `row_condition` that is text; both that Great Expectations knows are understood."""
    reads: ClassVar[bool] = True
    """Whether it reads the columns that it names, so that they must be there."""
    by_row: ClassVar[bool] = False
    """Whether it finds rows of the table, which `quarantine` can put aside."""

    @field_validator("on_failure")
    @classmethod
    def _has_rows(cls, chosen: OnFailure | None) -> OnFailure | None:
        if chosen == "quarantine" and not cls.by_row:
            name = cls.model_fields["expect"].default
            raise ValueError(f"`{name}` finds no rows that could be put aside: expected block or warn")
        return chosen

    @model_validator(mode="after")
    def _one_condition(self) -> "BaseCheck":
        if self.where is not None and self.row_condition is not None:
            raise ValueError("`where` and `row_condition` say the same: give one of them")
        if self.condition_parser is not None and not isinstance(self.row_condition, str):
            raise ValueError("`condition_parser` is the syntax of a `row_condition` that is text")
        return self

    def effect(self, default: OnFailure) -> OnFailure:
        """Return what its failure comes to; a default of `quarantine` blocks where there are no rows to put aside."""
        if self.on_failure is not None:
            return self.on_failure
        return "block" if default == "quarantine" and not self.by_row else default

    def columns(self) -> tuple[str, ...]:
        """Return the columns that it names, without those inside SQL."""
        return ()

    def others(self) -> tuple[str, ...]:
        """Return the other datasets that it reads."""
        return ()

    def functions(self) -> tuple[str, ...]:
        """Return references to the user functions that it calls."""
        return ()

    def called(self) -> str | None:
        """Return what a report calls it, None for the name of its kind."""
        return self.name

    def condition(self) -> str | None:
        """Return the condition of the rows that are looked at, in SQL; None for all."""
        return self.where if self.row_condition is None else as_sql(self.row_condition)

    def misfit(self, kind: str) -> str | None:  # noqa: ARG002 - what fits any type
        """Return what it needs that one of its columns, which is of a type, is not; None where it fits."""
        return None


class OfColumn(BaseCheck):
    """A check of one column."""

    column: ColumnName
    """The column."""

    def columns(self) -> tuple[str, ...]:
        """Return the one column."""
        return (self.column,)


class OfValues(OfColumn):
    """A check that judges a column's values one by one."""

    mostly: Share = 1.0
    """The least share of the values that must pass."""
    by_row: ClassVar[bool] = True

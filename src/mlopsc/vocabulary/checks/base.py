"""What all checks have in common."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from mlopsc.vocabulary.base import Frozen

Severity = Literal["error", "warn"]
ColumnName = Annotated[str, StringConstraints(min_length=1)]
ColumnNames = Annotated[tuple[ColumnName, ...], Field(min_length=2)]
Share = Annotated[float, Field(ge=0, le=1)]


class BaseCheck(Frozen, defer_build=True):
    """One check of a table. Its model has a field `expect`, whose only value is its name."""

    expect: str
    severity: Severity = "error"
    """`error` stops what follows, `warn` is reported."""
    name: str | None = None
    """What the report calls it."""
    description: str | None = None
    """For readers."""
    reads: ClassVar[bool] = True
    """Whether it reads the columns that it names, so that they must be there."""

    def columns(self) -> tuple[str, ...]:
        """Return the columns that it names, without those inside SQL."""
        return ()

    def misfit(self, kind: str) -> str | None:  # noqa: ARG002 - what fits any type
        """Return what it needs that one of its columns, which is of a type, is not; None where it fits."""
        return None


class OfColumn(BaseCheck):
    """A check of one column."""

    column: ColumnName

    def columns(self) -> tuple[str, ...]:
        """Return the one column."""
        return (self.column,)


class OfValues(OfColumn):
    """A check that judges a column's values one by one."""

    column: ColumnName
    """The column whose values are judged one by one."""
    mostly: Share = 1.0
    """The least share of the values that must pass."""

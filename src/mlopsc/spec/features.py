"""The `features` section: views over datasets and over each other."""

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, model_validator

from mlopsc.vocabulary.aggregates import Declared, aggregates_of, ratios_of
from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.columns import ColumnType
from mlopsc.vocabulary.names import FunctionReference, Name
from mlopsc.vocabulary.policy import Policy
from mlopsc.vocabulary.time import Duration, format_duration


class TimedView(Frozen):
    """Features of a table as of each label's time: columns of the latest known row, or aggregates over windows."""

    dataset: Name | None = None
    view: Name | None = None
    """The table: either a dataset, or an SQL or Python view."""
    description: str | None = None
    entity: Annotated[tuple[str, ...], Field(min_length=1)] | Annotated[dict[str, str], Field(min_length=1)]
    """Key columns; a map where the names differ: {column of the entities: column of this table}."""
    event_time: str | None = None
    """The column that says when a row became true; the table's own event time when left out."""
    ttl: Duration | None = None
    """Rows older than this at the label's time do not join; the age counts from the event time."""
    created: str | None = None
    """Breaks ties between rows of one time: the latest wins."""
    tie_break: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Columns that break the ties that are left, in turn: the greatest wins. Else the row that stands last."""
    known_at: str | None = None
    """The column that says when a row became known, often the same as `created`: before that it does not join."""
    available_after: Duration | None = None
    """How long after its event time a row becomes known."""
    where: Annotated[str, Field(min_length=1)] | None = None
    """SQL condition over the table's columns: other rows are as if they were not there."""
    columns: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """The columns of the latest known row that become features."""
    aggregates: Annotated[dict[Name, Declared], Field(min_length=1)] | None = None
    """Features over the rows of a time: `NAME: {function: mean, column: arr_delay, window: 7d}`."""

    @model_validator(mode="after")
    def _one_table(self) -> "TimedView":
        if (self.dataset is None) == (self.view is None):
            raise ValueError("expected exactly one of `dataset` and `view`")
        if (self.columns is None) == (self.aggregates is None):
            raise ValueError("expected exactly one of `columns` and `aggregates`")
        return self

    @model_validator(mode="after")
    def _possible(self) -> "TimedView":
        if self.ttl is not None and self.aggregates is not None:
            raise ValueError(
                "`ttl` is for `columns`; the age of rows that are aggregated is bound by windows"
            )
        if self.ttl is not None and self.available_after is not None and self.ttl < self.available_after:
            ttl, delay = format_duration(self.ttl), format_duration(self.available_after)
            raise ValueError(f"no row can join: it is known {delay} after its time, and too old after {ttl}")
        return self

    @property
    def table(self) -> str:
        """Name of the dataset or view that the columns come from."""
        return self.dataset or self.view or ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its features."""
        if self.columns is not None:
            return self.columns
        declared = self.aggregates or {}
        return (
            *(one.name for one in aggregates_of(declared)),
            *(one.name for one in ratios_of(declared)),
        )

    @property
    def reads(self) -> dict[str, tuple[str, ...]]:
        """Of each feature, the columns of the table that its value is made of; those of conditions apart."""
        if self.columns is not None:
            return {name: (name,) for name in self.columns}
        declared = self.aggregates or {}
        found: dict[str, tuple[str, ...]] = {}
        for aggregate in aggregates_of(declared):
            found[aggregate.name] = (aggregate.column,) if aggregate.column else ()
        for one in ratios_of(declared):
            found[one.name] = (*found[one.numerator], *found[one.denominator])
        return found

    @property
    def keys(self) -> dict[str, str]:
        """Column of the entities → column of the table."""
        return self.entity if isinstance(self.entity, dict) else {name: name for name in self.entity}


class SqlView(Frozen):
    """A table made by a SELECT over datasets and views, by name, in DuckDB's dialect."""

    sql: Annotated[str, Field(min_length=1)]
    description: str | None = None
    primary_key: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    event_time: str | None = None
    policy: Policy = Policy()


class PythonView(Frozen):
    """A table made by a user's function: `f(*tables: DataFrame, **args) -> DataFrame`."""

    python: FunctionReference
    tables: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Datasets and views, in the order of the function's arguments."""
    columns: Annotated[dict[str, ColumnType], Field(min_length=1)]
    """Names and types of the result, checked at run time."""
    description: str | None = None
    args: dict[str, Any] = {}
    primary_key: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    event_time: str | None = None
    policy: Policy = Policy()


class RowView(Frozen):
    """Features that a user's function makes of each row of a training: `f(DataFrame, **args) -> DataFrame`."""

    python: FunctionReference
    rows: Annotated[tuple[str, ...], Field(min_length=1)]
    """What the function gets: columns of the entities, and features that the training names before this view."""
    columns: Annotated[dict[str, ColumnType], Field(min_length=1)]
    """Names and types of the result, checked at run time."""
    description: str | None = None
    args: dict[str, Any] = {}


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        python = "rows" if "rows" in value else "python"
        return "sql" if "sql" in value else python if "python" in value else "timed"
    kinds = ((SqlView, "sql"), (PythonView, "python"), (RowView, "rows"))
    return next((tag for kind, tag in kinds if isinstance(value, kind)), "timed")


View = Annotated[
    Annotated[TimedView, Tag("timed")]
    | Annotated[SqlView, Tag("sql")]
    | Annotated[PythonView, Tag("python")]
    | Annotated[RowView, Tag("rows")],
    Discriminator(_kind),
]
"""`sql` makes an SQL view, `python` a user's, with `rows` one of each row; anything else is a timed view."""

"""Tables of timed views, made ready to be joined: their rows that count, and what must be known of them before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sqlglot import exp

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.runtime.aggregates import Unit, measured, summed_columns
from mlopsc.runtime.asof import Matching, Packing, packing
from mlopsc.runtime.engine.parquet import describe
from mlopsc.runtime.engine.statement import identifier, scan, text
from mlopsc.runtime.tables import numbered
from mlopsc.sql import check_safe
from mlopsc.vocabulary.aggregates import result_type
from mlopsc.vocabulary.artifacts import TIME
from mlopsc.vocabulary.columns import from_duckdb
from mlopsc.vocabulary.views import Join

if TYPE_CHECKING:
    import duckdb

_ROW = "__row_of_view__"


@dataclass(frozen=True)
class ViewTable:
    """The rows of a view's table that its `where` lets count."""

    join: Join
    table: exp.Expr
    types: Mapping[str, str]
    """Columns and DuckDB's types."""
    conditions: Mapping[str, str] = field(default_factory=dict)
    """Condition of an aggregate → the column that says whether it holds."""
    units: Mapping[str, Unit] = field(default_factory=dict)
    wide: bool = True
    """Whether the engine has integers of 127 bits."""
    packing: Packing | None = None

    @property
    def matching(self) -> Matching:
        """Which rows join which entity rows."""
        return matching_of(self.join)


def matching_of(join: Join) -> Matching:
    """Return a join's rules, for entities whose time is in the column TIME and tables that count rows."""
    given = {"available_after": join.available_after} if join.available_after is not None else {}
    return Matching(
        entity=join.entity,
        event_time=TIME,
        feature_time=join.feature_time,
        row=_ROW,
        ttl=join.ttl,
        created=join.created,
        tie_break=join.tie_break,
        known_at=join.known_at,
        **given,
    )


def open_view(connection: "duckdb.DuckDBPyConnection", join: Join, path: Path) -> ViewTable:
    """Look at a view's table; raises StepFailed when it has not what the view needs, or its SQL is not harmless."""
    import duckdb

    types = describe(connection, scan(path))
    times = [join.feature_time, *filter(None, [join.created, join.known_at])]
    used = [one.column for one in join.aggregates if one.column is not None]
    place = f"the table of view '{join.view}'"
    require([*join.entity.values(), *times, *join.tie_break, *join.columns, *used], types, place)
    for one in join.aggregates:
        kind = from_duckdb(types[one.column]) if one.column is not None else "int64"
        if result_type(one.function, kind) is None:
            raise StepFailed(f"`{one.function}` takes no {kind}, which column '{one.column}' of {place} is")
    conditions = {
        one: f"__where_{n}__" for n, one in enumerate(dict.fromkeys(a.where for a in join.aggregates)) if one
    }
    table = numbered(path, _ROW)
    if conditions or join.where is not None:
        table = _filtered(connection, join, table, types, conditions)
    # Spark has no integers of 127 bits: there a deviation is Spark's own.
    wide = isinstance(connection, duckdb.DuckDBPyConnection)
    units = measured(connection, table, summed_columns(join.aggregates, types, wide=wide))
    packed = packing(connection, table, matching_of(join)) if join.columns else None
    return ViewTable(join, table, types, conditions, units, wide, packed)


def require(names: Iterable[str], columns: Mapping[str, str], where: str) -> None:
    """Raise StepFailed for a name that is not among the columns."""
    for name in names:
        if name not in columns:
            raise StepFailed(
                f"column '{name}' is not in {where}", help=did_you_mean(name, columns, noun="there are")
            )


def checked(connection: "duckdb.DuckDBPyConnection", sql: str, columns: Mapping[str, str], place: str) -> str:
    """Return an expression of the user's if it is one over a row and nothing else, so that it can stand in brackets."""
    faults = check_safe(sql, form="expression", columns=columns, connection=connection)
    if faults:
        raise StepFailed(f"{place}: {faults[0].message}")
    return sql


def _filtered(
    connection: "duckdb.DuckDBPyConnection",
    join: Join,
    table: exp.Expr,
    types: Mapping[str, str],
    conditions: Mapping[str, str],
) -> exp.Expr:
    """Make a view of the rows that count, with a column for each condition."""
    place = f"`where` of view '{join.view}'"
    listed = ["*"]
    for condition, name in conditions.items():
        listed.append(f"(\n{checked(connection, condition, types, place)}\n) AS {text(identifier(name))}")
    where = ""
    if join.where is not None:
        where = f" WHERE (\n{checked(connection, join.where, types, place)}\n)"
    view = exp.table_(identifier(f"__rows_of_{join.view}__"))
    chosen = f"SELECT {', '.join(listed)} FROM ({text(table)}){where}"  # noqa: S608
    connection.execute(f"CREATE TEMPORARY VIEW {text(view)} AS {chosen}")
    return view

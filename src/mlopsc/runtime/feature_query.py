"""Features as queries: rows chosen by time and population, and what is joined to them, for training and prediction."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sqlglot import exp

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.runtime.asof import Matching, asof_join
from mlopsc.runtime.engine.parquet import describe
from mlopsc.runtime.engine.statement import column, fragment, identifier, named, scan, text
from mlopsc.runtime.point_in_time import without_nan
from mlopsc.runtime.tables import numbered
from mlopsc.sql import check_safe
from mlopsc.vocabulary.artifacts import GROUP, LABEL, ROW, TIME
from mlopsc.vocabulary.operations import Features
from mlopsc.vocabulary.views import Join

if TYPE_CHECKING:
    import duckdb

POSITION = "__position__"
"""Column of the entities that tells the order of their rows."""
ENTITIES = "__entities__"
"""The table that `choose` takes rows of."""
CHOSEN = "__chosen__"
"""The view that `choose` makes."""
_ROW_OF_VIEW = "__row_of_view__"


def choose(
    connection: "duckdb.DuckDBPyConnection",
    config: Features,
    columns: Mapping[str, str],
    *,
    hashed: bool = True,
) -> None:
    """Make the view CHOSEN of the ENTITIES: the population, with time, group and label, and if asked a row hash.

    Raises StepFailed when a column is missing or user SQL is not one harmless expression.
    """
    require([*config.primary_key, *filter(None, [config.event_time, config.group])], columns, "the entities")
    added, conditions = [], []
    if hashed:
        keys = config.primary_key or tuple(columns)
        row = exp.func("row", *(column(name) for name in keys))
        added.append(named(fragment("md5_number_lower(cast($r as varchar))", r=row), ROW))
    if config.event_time is not None:
        time = fragment("cast($t as timestamptz)", t=column(config.event_time))
        added.append(named(time, TIME))
        conditions.append(text(fragment("$t is not null", t=time)))
        if config.until is not None:
            conditions.append(text(fragment("$t <= $u", t=time, u=config.until)))
            if config.window is not None:
                conditions.append(text(fragment("$t > $u", t=time, u=config.until - config.window)))
    if config.group is not None:
        added.append(named(column(config.group), GROUP))
    listed = ["*", *(text(item) for item in added)]
    if config.label is not None:
        # Checked: one expression over a row and nothing else, so that it can stand between brackets.
        label = _checked(connection, config.label, columns, "label")
        listed.append(f"(\n{label}\n) AS {text(identifier(LABEL))}")
    if config.where is not None:
        conditions.append(f"(\n{_checked(connection, config.where, columns, 'where')}\n)")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    chosen = f"SELECT {', '.join(listed)} FROM {ENTITIES}{where}"  # noqa: S608
    labelled = f' WHERE "{LABEL}" IS NOT NULL' if config.label is not None else ""
    connection.execute(f"CREATE TEMPORARY VIEW {CHOSEN} AS SELECT * FROM ({chosen}){labelled}")  # noqa: S608


def join_views(
    connection: "duckdb.DuckDBPyConnection",
    joins: Iterable[Join],
    views: Mapping[str, Path],
    columns: Mapping[str, str],
) -> exp.Expr:
    """Return the query for the CHOSEN rows with what is joined to them; `views` are files by the view's name.

    Raises StepFailed when a column is missing.
    """
    table: exp.Expr = exp.table_(identifier(CHOSEN))
    for join in joins:
        require(join.entity, columns, f"the entities, which '{join.view}' is joined to")
        types = describe(connection, scan(views[join.view]))
        times = [join.feature_time, *filter(None, [join.created, join.known_at])]
        needed = [*join.entity.values(), *times, *join.tie_break, *join.columns]
        require(needed, types, f"the table of view '{join.view}'")
        table = asof_join(
            without_nan(table, columns, join.entity),
            without_nan(numbered(views[join.view], _ROW_OF_VIEW), types, join.entity.values()),
            _matching(join),
            columns={name: _joined(join.view, name) for name in join.columns},
        )
    return table


def _matching(join: Join) -> Matching:
    return Matching(
        entity=join.entity,
        event_time=TIME,
        feature_time=join.feature_time,
        row=_ROW_OF_VIEW,
        ttl=join.ttl,
        created=join.created,
        tie_break=join.tie_break,
        known_at=join.known_at,
        available_after=join.available_after or timedelta(0),
    )


def made_features(config: Features, columns: Mapping[str, str]) -> dict[str, exp.Expr]:
    """Return the features, in their order, as columns of what `join_views` returns; raises StepFailed."""
    joined = {name: join.view for join in config.joins for name in join.columns}
    require([name for name in config.features if name not in joined], columns, "the entities")
    return {
        name: column(_joined(joined[name], name)) if name in joined else column(name)
        for name in config.features
    }


def require(names: Iterable[str], columns: Mapping[str, str], where: str) -> None:
    """Raise StepFailed for a name that is not among the columns."""
    for name in names:
        if name not in columns:
            raise StepFailed(
                f"column '{name}' is not in {where}", help=did_you_mean(name, columns, noun="there are")
            )


def _joined(view: str, name: str) -> str:
    """Return the name that a joined column has until the end, so that it never meets one of the entities."""
    return f"__{view}__{name}"


def _checked(
    connection: "duckdb.DuckDBPyConnection",
    sql: str,
    columns: Mapping[str, str],
    place: Literal["label", "where"],
) -> str:
    faults = check_safe(sql, form="expression", columns=columns, connection=connection)
    if faults:
        raise StepFailed(f"`{place}`: {faults[0].message}")
    return sql

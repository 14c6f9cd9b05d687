"""Features as queries: rows chosen by time and population, and what is joined to them, for training and prediction."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sqlglot import exp

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.aggregates import recipe
from mlopsc.runtime.asof import asof_join
from mlopsc.runtime.engine.statement import column, fragment, identifier, named, text
from mlopsc.runtime.point_in_time import without_nan
from mlopsc.runtime.view_tables import ViewTable, checked, open_view, require
from mlopsc.runtime.windows import window_join
from mlopsc.vocabulary.artifacts import ENTITY, GROUP, LABEL, ROW, TIME
from mlopsc.vocabulary.columns import from_duckdb, is_numeric
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


def choose(
    connection: "duckdb.DuckDBPyConnection",
    config: Features,
    columns: Mapping[str, str],
    *,
    hashed: bool = True,
) -> None:
    """Make the view CHOSEN of the ENTITIES: the population with time, group, entity, label, and if asked a row hash.

    Raises StepFailed when a column is missing or user SQL is not one harmless expression.
    """
    needed = [
        *config.primary_key,
        *config.entity,
        *config.auxiliary,
        *filter(None, [config.event_time, config.group]),
    ]
    require(needed, columns, "the entities")
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
    if config.entity:
        entity = exp.func("row", *(column(name) for name in config.entity))
        added.append(named(fragment("md5_number_lower(cast($r as varchar))", r=entity), ENTITY))
    listed = ["*", *(text(item) for item in added)]
    if config.label is not None:
        # Checked: one expression over a row and nothing else, so that it can stand between brackets.
        label = checked(connection, config.label, columns, "`label`")
        listed.append(f"(\n{label}\n) AS {text(identifier(LABEL))}")
    if config.where is not None:
        conditions.append(f"(\n{checked(connection, config.where, columns, '`where`')}\n)")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    chosen = f"SELECT {', '.join(listed)} FROM {ENTITIES}{where}"  # noqa: S608
    labelled = f' WHERE "{LABEL}" IS NOT NULL' if config.label is not None else ""
    connection.execute(f"CREATE TEMPORARY VIEW {CHOSEN} AS SELECT * FROM ({chosen}){labelled}")  # noqa: S608


def open_views(
    connection: "duckdb.DuckDBPyConnection", joins: Iterable[Join], files: Mapping[str, Path]
) -> tuple[ViewTable, ...]:
    """Return the tables of the views, whose `files` go by the view's name; raises StepFailed, see `open_view`."""
    return tuple(open_view(connection, join, files[join.view]) for join in joins)


def join_views(views: Iterable[ViewTable], columns: Mapping[str, str]) -> exp.Expr:
    """Return the query for the CHOSEN rows, whose entities have these `columns`, with what is joined to them.

    Raises StepFailed when a column is missing, or a key is of another type than that it must equal.
    """
    table: exp.Expr = exp.table_(identifier(CHOSEN))
    for view in views:
        join = view.join
        require(join.entity, columns, f"the entities, which '{join.view}' is joined to")
        _check_keys(view, columns)
        entities = without_nan(table, columns, join.entity)
        rows = without_nan(view.table, view.types, join.entity.values())
        if join.aggregates:
            names = {name: _joined(join.view, name) for name in join.names}
            made = recipe(
                join.aggregates, join.ratios, view.types, view.units, view.conditions, wide=view.wide
            )
            table = window_join(entities, rows, view.matching, made, POSITION, names)
        else:
            names = {name: _joined(join.view, name) for name in join.columns}
            table = asof_join(entities, rows, view.matching, names, view.packing)
    return table


def _check_keys(view: ViewTable, columns: Mapping[str, str]) -> None:
    for mine, theirs in view.join.entity.items():
        a, b = from_duckdb(columns[mine]), from_duckdb(view.types[theirs])
        if a != b and not (is_numeric(a) and is_numeric(b)):
            raise StepFailed(
                f"key '{mine}' of the entities is {a}, '{theirs}' of the table of view '{view.join.view}' is {b}",
                help="join keys need one type: declare it under `columns`, or cast in an SQL view",
            )


def made_features(config: Features, columns: Mapping[str, str]) -> dict[str, exp.Expr]:
    """Return the features as columns of what `join_views` returns; raises StepFailed.

    They are in their order, without those of functions of rows, and with what these functions get.
    """
    joined = {name: join.view for join in config.joins for name in join.names}
    derived = {name for one in config.rows for name in one.columns}
    wanted = dict.fromkeys([*config.features, *(name for one in config.rows for name in one.inputs)])
    plain = [name for name in wanted if name not in derived]
    require([name for name in plain if name not in joined], columns, "the entities")
    return {name: column(_joined(joined[name], name)) if name in joined else column(name) for name in plain}


def _joined(view: str, name: str) -> str:
    """Return the name that a joined column has until the end, so that it never meets one of the entities."""
    return f"__{view}__{name}"

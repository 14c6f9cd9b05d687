"""Features: entity rows chosen by time and population, with joined and plain columns, and the label."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sqlglot import exp

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.runtime.context import Context
from mlopsc.runtime.engine.connection import connect
from mlopsc.runtime.engine.parquet import describe, write_parquet
from mlopsc.runtime.engine.statement import column, fragment, identifier, named, scan, select, text
from mlopsc.runtime.point_in_time import asof_join, without_nan
from mlopsc.runtime.tables import numbered
from mlopsc.sql import check_safe
from mlopsc.vocabulary.artifacts import GROUP, LABEL, ROW, TIME
from mlopsc.vocabulary.operations import Features

if TYPE_CHECKING:
    import duckdb

_POSITION = "__position__"


def run(config: Features, inputs: Mapping[str, Path], outputs: Mapping[str, Path], context: Context) -> None:
    """Write the feature table. Rows without an event time cannot be placed in time and are left out.

    Raises StepFailed when a column is missing or user SQL is not one harmless expression.
    """
    with connect(*inputs.values(), threads=context.threads) as connection:
        columns = describe(connection, scan(inputs["entities"]))
        _create_view(connection, "__entities__", numbered(inputs["entities"], _POSITION))
        connection.execute(_chosen(connection, config, columns))
        table: exp.Expr = exp.table_(identifier("__chosen__"))
        for join in config.joins:
            _require(join.entity, columns, f"the entities, which '{join.view}' is joined to")
            types = describe(connection, scan(inputs[join.view]))
            needed = [*join.entity.values(), join.feature_time, *join.columns]
            _require(needed, types, f"the table of view '{join.view}'")
            table = asof_join(
                without_nan(table, columns, join.entity),
                without_nan(numbered(inputs[join.view], "__row_of_view__"), types, join.entity.values()),
                entity=join.entity,
                event_time=TIME,
                feature_time=join.feature_time,
                columns={name: _joined(join.view, name) for name in join.columns},
                row="__row_of_view__",
                ttl=join.ttl,
                created=join.created,
            )
        query = _result(config, columns, table)
        rows = write_parquet(connection, query, outputs["table"])
    print(f"{config.training}: {rows} rows, {len(config.features)} features")


def _joined(view: str, name: str) -> str:
    """Return the name that a joined column has until the end, so that it never meets one of the entities."""
    return f"__{view}__{name}"


def _chosen(connection: "duckdb.DuckDBPyConnection", config: Features, columns: Mapping[str, str]) -> str:
    """Return the statement that makes `__chosen__`: the population, with row hash, time, group and label."""
    _require([*config.primary_key, *filter(None, [config.event_time, config.group])], columns, "the entities")
    keys = config.primary_key or tuple(columns)
    row = fragment(
        "md5_number_lower(cast($r as varchar))", r=exp.func("row", *(column(name) for name in keys))
    )
    added = [named(row, ROW)]
    conditions = []
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
    listed = [text(item) for item in added]
    if config.label is not None:
        # Checked: one expression over a row and nothing else, so that it can stand between brackets.
        listed.append(
            f"(\n{_checked(connection, config.label, columns, 'label')}\n) AS {text(identifier(LABEL))}"
        )
    if config.where is not None:
        conditions.append(f"(\n{_checked(connection, config.where, columns, 'where')}\n)")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    chosen = f"SELECT *, {', '.join(listed)} FROM __entities__{where}"  # noqa: S608
    labelled = f' WHERE "{LABEL}" IS NOT NULL' if config.label is not None else ""
    return f"CREATE TEMPORARY VIEW __chosen__ AS SELECT * FROM ({chosen}){labelled}"  # noqa: S608


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


def _result(config: Features, columns: Mapping[str, str], table: exp.Expr) -> exp.Expr:
    joined = {name: join.view for join in config.joins for name in join.columns}
    plain = [name for name in config.features if name not in joined]
    _require(plain, columns, "the entities")
    kept = [ROW, *([TIME] if config.event_time else []), *([GROUP] if config.group else [])]
    features = [
        named(column(_joined(joined[name], name)), name) if name in joined else column(name)
        for name in config.features
    ]
    label = [column(LABEL)] if config.label is not None else []
    query = select(*(column(name) for name in kept), *features, *label, source=table)
    return query.order_by(column(_POSITION))


def _require(names: Iterable[str], columns: Mapping[str, str], where: str) -> None:
    for name in names:
        if name not in columns:
            raise StepFailed(
                f"column '{name}' is not in {where}", help=did_you_mean(name, columns, noun="there are")
            )


def _create_view(connection: "duckdb.DuckDBPyConnection", name: str, query: exp.Expr) -> None:
    connection.execute(text(exp.Create(this=exp.table_(identifier(name)), kind="VIEW", expression=query)))

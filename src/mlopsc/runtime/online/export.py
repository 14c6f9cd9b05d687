"""A timed view as one plain table, from which any engine's point-in-time join gives what ours does."""

from pathlib import Path

from sqlglot import exp

from mlopsc.diagnostics.errors import UsageError
from mlopsc.vocabulary.artifacts import TIME
from mlopsc.vocabulary.online import EXPORTED_TIME
from mlopsc.vocabulary.operations import Features
from mlopsc.vocabulary.views import Join


def export_view(join: Join, table: Path, out: Path, *, threads: int) -> int:
    """Write a view's rows to a Parquet file, in the order of keys and time, and return how many there are.

    Columns are the keys by the entities' names, `event_timestamp` (from when on a row joins: its own time, and
    `available_after` later where that is declared), and the view's columns. Of rows of one key and time only the one
    that wins is there, and none without key or time or that `where` leaves out.

    Raises UsageError for a view that is more than its rows (aggregates, `known_at`), and for names that stand for two
    columns; StepFailed for a column that is missing.
    """
    from mlopsc.runtime.engine.connection import connect
    from mlopsc.runtime.engine.parquet import describe, write_parquet
    from mlopsc.runtime.engine.statement import column, fragment, identifier, named, select
    from mlopsc.runtime.engine.views import make_view
    from mlopsc.runtime.feature_query import CHOSEN, POSITION, join_views, made_features, open_views
    from mlopsc.runtime.point_in_time import without_nan

    _require_plain(join)
    wanted = tuple(dict.fromkeys([*join.columns, join.feature_time]))
    whole = join.model_copy(update={"ttl": None, "available_after": None, "columns": wanted})
    with connect(table, threads=threads) as connection:
        views = open_views(connection, (whole,), {join.view: table})
        types, theirs = views[0].types, tuple(join.entity.values())
        # Each row is asked for at its own time, so that the join itself says which row of that time wins.
        keys = [named(column(name), mine) for mine, name in join.entity.items()]
        time = fragment("cast($t as timestamptz)", t=column(join.feature_time))
        there = exp.and_(
            *(
                fragment("$k is not null", k=column(name))
                for name in dict.fromkeys([*theirs, join.feature_time])
            )
        )
        rows = without_nan(views[0].table, types, theirs)
        known = select(*keys, named(time, TIME), source=rows).where(there).distinct()
        chosen = fragment(
            "select *, row_number() over () as $n from $k as k", n=identifier(POSITION), k=known
        )
        columns = describe(connection, make_view(connection, CHOSEN, chosen))
        made = made_features(Features(training="", features=wanted, joins=(whole,)), columns)
        own = fragment("cast($t as timestamptz)", t=made[join.feature_time])
        moment: exp.Expr = column(TIME)
        if join.available_after is not None:
            moment = fragment("$t + to_microseconds(cast($d as bigint))", t=moment, d=_micros(join))
        query = select(
            *(column(mine) for mine in join.entity),
            named(moment, EXPORTED_TIME),
            *(named(made[name], name) for name in join.columns),
            source=join_views(views, columns),
        )
        # A row that `where` leaves out finds an older one at its time, or none.
        query = query.where(fragment("$o = $t", o=own, t=column(TIME)))
        query = query.order_by(*(column(mine) for mine in join.entity), column(TIME))
        return write_parquet(connection, query, out)


def _micros(join: Join) -> int:
    from datetime import timedelta

    assert join.available_after is not None
    return join.available_after // timedelta(microseconds=1)


def _require_plain(join: Join) -> None:
    if join.aggregates or join.known_at is not None:
        what = "aggregates over windows" if join.aggregates else "`known_at`"
        raise UsageError(
            f"view '{join.view}' cannot be written as rows that join by their time: it has {what}",
            help="name the other views, or serve it by `mlopsc features materialize`",
        )
    for name in (*join.entity, *join.columns):
        if name == EXPORTED_TIME or (name in join.entity and name in join.columns):
            raise UsageError(
                f"view '{join.view}': '{name}' would be two columns of the exported table",
                help="rename it in an SQL view",
            )

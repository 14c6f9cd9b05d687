"""Materialize: a timed view's values as of an instant, by the join that training uses, in the online store."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import write_json
from mlopsc.runtime.online.location import open_online_store
from mlopsc.runtime.online.state import Row, ViewState, packed, training_json
from mlopsc.runtime.user_code import digest_of_functions
from mlopsc.vocabulary.artifacts import TIME
from mlopsc.vocabulary.operations import Features, Materialize
from mlopsc.vocabulary.time import format_timestamp
from mlopsc.vocabulary.views import Join

if TYPE_CHECKING:
    import duckdb

    from mlopsc.runtime.view_tables import ViewTable

_KEY = "__key_{}__"
_BATCH = 65_536


def run(
    config: Materialize, inputs: Mapping[str, Path], outputs: Mapping[str, Path], context: Context
) -> None:
    """Write the report: how many entities have values, and whether these are now what is served.

    Raises StepFailed when a column is missing or a key is nested, OnlineStoreError, LeaseLost when another run took
    the step over.
    """
    from mlopsc.runtime.engine.connection import connect
    from mlopsc.runtime.engine.statement import text
    from mlopsc.runtime.store import digest_of_file

    trainings = _trainings(config, context.project)
    source = _source(config, trainings, {"table": digest_of_file(inputs["table"])})
    with connect(inputs["table"], threads=context.threads, engine=config.engine) as connection:
        query = latest_values(connection, config, inputs["table"])
        reader = connection.sql(text(query)).to_arrow_reader(_BATCH)
        batches = _Batches(reader, len(config.view.entity))
        state = ViewState(
            view=config.view.view,
            keys=tuple(config.view.entity),
            schema=batches.schema,
            ttl=None if config.view.ttl is None else config.view.ttl // timedelta(microseconds=1),
            until=config.until,
            source=source,
            absent=batches.absent,
        )
        with closing(open_online_store(config.online_store, config.secrets, context.project)) as store:
            outcome = store.replace(config.project, state, batches.rows(), trainings, context.require_claim)
    until = format_timestamp(config.until)
    write_json(
        outputs["report"],
        {"view": state.view, "until": until, "entities": batches.count, "status": outcome},
    )
    print(f"{state.view}: {batches.count} entities as of {until}")
    if outcome == "superseded":
        print("the online store holds later values: nothing was changed")


def confirmed(config: Materialize, input_digests: Mapping[str, str], context: Context) -> bool:
    """Whether the online store holds these values, as of this instant."""
    with closing(open_online_store(config.online_store, config.secrets, context.project)) as store:
        held = {state.view: state for state in store.states(config.project)}.get(config.view.view)
    if held is None or held.until != config.until:
        return False
    return held.source == _source(config, _trainings(config, context.project), input_digests)


def latest_values(connection: "duckdb.DuckDBPyConnection", config: Materialize, table: Path) -> exp.Expr:
    """Return the query for keys, time (microseconds) and features of every entity, the row of no entity first.

    It is the join of `feature_query` with an entity for each key that the table has, and one whose key is null, which
    matches nothing. Aggregates have no time: they are as of the instant.
    """
    from mlopsc.runtime.engine.parquet import describe
    from mlopsc.runtime.engine.statement import column, fragment, identifier, named, select
    from mlopsc.runtime.engine.views import make_view
    from mlopsc.runtime.feature_query import CHOSEN, POSITION, join_views, made_features, open_views

    join = config.view
    wanted = join.names if join.aggregates else tuple(dict.fromkeys([*join.names, join.feature_time]))
    whole = join.model_copy(update={"ttl": None} if join.aggregates else {"ttl": None, "columns": wanted})
    views = open_views(connection, (whole,), {join.view: table})
    entities = _entities(whole, views[0])
    chosen = fragment(
        "select *, $at as $time from $e as e", at=config.until, time=identifier(TIME), e=entities
    )
    columns = describe(connection, make_view(connection, CHOSEN, chosen))
    made = made_features(Features(training="", features=wanted, joins=(whole,)), columns)
    time: exp.Expr = fragment("cast($x as bigint)", x=None)
    if not join.aggregates:
        time = fragment("epoch_us(cast($t as timestamptz))", t=made[join.feature_time])
    query = select(
        *(named(column(mine), _KEY.format(index)) for index, mine in enumerate(join.entity)),
        named(time, TIME),
        *(named(made[name], name) for name in join.names),
        source=join_views(views, columns),
    )
    return query.order_by(column(POSITION))


def _entities(join: Join, view: "ViewTable") -> exp.Expr:
    """Return the query for the keys that a view's table has, under the entities' names, behind a key of nulls."""
    from mlopsc.runtime.engine.statement import column, fragment, named, select
    from mlopsc.runtime.feature_query import POSITION
    from mlopsc.runtime.point_in_time import without_nan
    from mlopsc.vocabulary.columns import from_duckdb

    theirs = tuple(join.entity.values())
    for name in theirs:
        if from_duckdb(view.types[name]) == "nested":
            raise StepFailed(
                f"key '{name}' of view '{join.view}' is nested: an online store is asked by plain values",
                help="make it a text or a number in an SQL view",
            )
    keys = [named(column(name), mine) for mine, name in join.entity.items()]
    there = exp.and_(*(fragment("$k is not null", k=column(name)) for name in dict.fromkeys(theirs)))
    known = select(*keys, source=without_nan(view.table, view.types, theirs)).where(there).distinct()
    ranked = [exp.Ordered(this=column(mine), nulls_first=False) for mine in join.entity]
    number = exp.Window(this=exp.RowNumber(), order=exp.Order(expressions=ranked))
    counted = select(exp.Star(), named(number, POSITION), source=known)
    nobody = [named(exp.null(), mine) for mine in join.entity]
    first = select(*nobody, named(exp.Literal.number(0), POSITION), source=fragment("(select 1) as one"))
    return exp.union(first, counted, distinct=False)


class _Batches:
    """Rows of `latest_values` as the store wants them; `absent` and `count` fill up as they pass."""

    def __init__(self, reader: Any, keys: int) -> None:
        import pyarrow as pa

        self._reader, self._keys = reader, keys
        fields = [field for field in reader.schema if field.name != TIME]
        self.schema = packed(pa.schema(fields))
        self._key_types = [field.type for field in fields[:keys]]
        self.count = 0
        self._waiting = self._written()
        self.absent = next(self._waiting)[1]

    def rows(self) -> Iterator[Row]:
        """Yield the rows of entities that have any values."""
        for key, value in self._waiting:
            if value != self.absent:
                self.count += 1
                yield key, value

    def _written(self) -> Iterator[Row]:
        from mlopsc.runtime.online.codec import NoSuchKey, key_text, written

        for batch in self._reader:
            keys = zip(*(column.to_pylist() for column in batch.columns[: self._keys]), strict=True)
            for key, value in zip(keys, written(batch.columns[self._keys :]), strict=True):
                try:
                    yield key_text(key, self._key_types), value
                except NoSuchKey:
                    yield "", value


def _trainings(config: Materialize, project: Path) -> dict[str, str]:
    """Return the trainings as the store keeps them, with the digest of the code that makes features of their rows."""
    found = {}
    for name, features in config.trainings.items():
        rows = config.rows.get(name)
        functions = () if rows is None else (one.python for one in rows.functions)
        found[name] = training_json(features, rows, digest_of_functions(project, functions))
    return found


def _source(config: Materialize, trainings: Mapping[str, str], input_digests: Mapping[str, str]) -> str:
    """Return the digest of what the values are made of, apart from the instant."""
    about = {
        "view": config.view.model_dump(mode="json"),
        "trainings": dict(trainings),
        "inputs": dict(input_digests),
    }
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()

"""The point-in-time join: for each entity row the feature row that was the latest known one at its time.

A feature row is a candidate when its keys equal the entity's, its time is not later, it is not older than
`ttl` (both bounds inclusive), and, with `known_at`, it was known by then. Of the candidates the one with the
latest time joins; then the one with the latest `created` (null is earliest); then the one that stands last in
the table. The row joins as a whole: a null in it stays null.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mlopsc.diagnostics.errors import SpecError
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.runtime.engine.parquet import describe
from mlopsc.runtime.engine.statement import column, fragment, named, text
from mlopsc.vocabulary.columns import from_duckdb, is_numeric

if TYPE_CHECKING:
    import pandas

_LAST = 9_223_372_036_854_775_807
_FIRST = -_LAST
_ROW = "__row__"
_MATCH = "__match__"
_EXACT = 2**53
"""Whole numbers up to this are floats without loss."""


def asof_join(
    entities: exp.Expr,
    features: exp.Expr,
    *,
    entity: Mapping[str, str],
    event_time: str,
    feature_time: str,
    columns: Mapping[str, str],
    row: str,
    ttl: timedelta | None = None,
    created: str | None = None,
    known_at: str | None = None,
) -> exp.Select:
    """Return a query for all columns of `entities` and the joined `columns` (feature column → name given).

    `entities` and `features` are tables or queries; `row` is a whole-number column of `features` that tells
    its rows' order. Times are date or timestamp columns, compared as instants (naive is UTC). The result has
    every entity row once, in no order: sort by a column of `entities`.
    """
    keys = list(entity.values())
    # An ASOF join has one inequality. A struct compares field by field, so that it also settles the ties.
    if known_at is None:
        stamp: dict[str, exp.Expr] = {"t": _micros(feature_time), "r": column(row)}
        if created is not None:
            stamp = {"t": stamp["t"], "c": _order(created), "r": stamp["r"]}
        right = fragment(
            "select *, $t as __t, $s as __s from $f as f where $time is not null",
            s=_struct(stamp), t=_micros(feature_time), f=features, time=column(feature_time),
        )  # fmt: skip
        bound = {name: fragment("$x", x=_LAST) for name in stamp} | {"t": _micros(event_time)}
    else:
        # What arrives after something newer is superseded on arrival; the last of the rest is the newest.
        ties = [_order(created)] if created is not None else []
        rank = _window("row_number()", keys, [_micros(feature_time), *ties, column(row)])
        ranked = fragment(
            "select *, $t as __t, greatest($t, $k) as __a, $rank as __r from $f as f "
            "where $time is not null and $known is not null",
            t=_micros(feature_time), k=_micros(known_at), rank=rank, f=features,
            time=column(feature_time), known=column(known_at),
        )  # fmt: skip
        newest = _window("max(__r)", keys, [column("__a"), column("__r")])
        right = fragment(
            "select *, {'a': __a, 'r': __r} as __s from $f as f qualify __r = $newest",
            f=ranked,
            newest=newest,
        )
        bound = {"a": _micros(event_time), "r": fragment("$x", x=_LAST)}
    left = fragment(
        "select *, case when $time is not null then $s end as __s, $t as __t from $e as e",
        time=column(event_time), s=_struct(bound), t=_micros(event_time), e=entities,
    )  # fmt: skip
    fresh = None if ttl is None else fragment("e.__t - f.__t <= $ttl", ttl=ttl // timedelta(microseconds=1))
    taken = []
    for name, alias in columns.items():
        value: exp.Expr = column(name, "f")
        if fresh is not None:
            value = fragment("case when $fresh then $x end", fresh=fresh, x=value)
        taken.append(named(value, alias))
    joined = fragment(
        "select e.* exclude (__s, __t) from $e as e asof left join $f as f on e.__s >= f.__s", e=left, f=right
    )
    assert isinstance(joined, exp.Select)
    condition = joined.args["joins"][0]
    for mine, theirs in entity.items():
        equal = exp.EQ(this=column(mine, "e"), expression=column(theirs, "f"))
        condition.set("on", exp.And(this=equal, expression=condition.args["on"]))
    return joined.select(*taken, copy=False)


def _micros(name: str) -> exp.Expr:
    return fragment("epoch_us(cast($x as timestamptz))", x=column(name))


def _order(name: str) -> exp.Expr:
    return fragment("coalesce($x, $first)", x=_micros(name), first=_FIRST)


def _struct(fields: Mapping[str, exp.Expr]) -> exp.Expr:
    pairs = [
        exp.PropertyEQ(this=exp.Literal.string(name), expression=value) for name, value in fields.items()
    ]
    return exp.Struct(expressions=pairs)


def _window(function: str, keys: Sequence[str], order: Sequence[exp.Expr]) -> exp.Expr:
    window = fragment(f"{function} over (order by 1 rows between unbounded preceding and current row)")
    window.set("partition_by", [column(key) for key in keys])
    window.set("order", exp.Order(expressions=[exp.Ordered(this=by, nulls_first=False) for by in order]))
    return window


def point_in_time_join(
    entities: Any,
    features: Any,
    *,
    entity: str | Sequence[str] | Mapping[str, str],
    event_time: str,
    feature_time: str,
    ttl: timedelta | None = None,
    created: str | None = None,
    known_at: str | None = None,
    columns: Sequence[str] | None = None,
) -> "pandas.DataFrame":
    """Return every row of `entities`, in order, with the feature columns that were known at its time.

    `entities` and `features` are pandas, polars or pyarrow tables, or paths of Parquet (`.csv` and `.jsonl`
    by name). `entity` names the key, or maps entities' columns to features' columns. Rows with a null key or
    time match nothing. `ttl` bounds the age of a feature, inclusively. Of rows of one time the latest
    `created` wins, then the last in the table. With `known_at`, rows whose value there is null or later than
    the entity's time do not join. `columns` are the feature columns to take; None takes all but keys and
    times. Naive timestamps are UTC; finer ones are rounded to microseconds. A pandas frame keeps its index
    and types; integers with gaps become floats as pandas has it, or nullable `Int64` where a float would not
    hold them.

    Raises SpecError for columns that do not exist, are of the wrong type, or clash in name.
    """
    import pandas as pd

    from mlopsc.runtime.tables import opened

    keys = _keys(entity)
    if ttl is not None and not isinstance(ttl, timedelta):
        raise SpecError(f"`ttl` is {ttl!r}, expected a datetime.timedelta")
    if ttl is not None and ttl < timedelta(0):
        raise SpecError(f"`ttl` is negative: {ttl}")
    times = [feature_time, *(name for name in (created, known_at) if name is not None)]
    wanted = ([*keys, event_time], [*keys.values(), *times])
    frames = [table if isinstance(table, pd.DataFrame) else None for table in (entities, features)]
    slim = [
        table if frame is None else frame[_needed(names, list(frame.columns), side)]
        for table, frame, names, side in zip((entities, features), frames, wanted, _SIDES, strict=True)
    ]
    with opened(*slim, rows=_ROW) as (connection, tables):
        types = [describe(connection, table) for table in tables]
        known = [
            list(kinds) if frame is None else list(frame.columns)
            for kinds, frame in zip(types, frames, strict=True)
        ]
        known = [[name for name in names if name != _ROW] for names in known]
        for names, side, columns_known in zip(wanted, _SIDES, known, strict=True):
            _needed(names, columns_known, side)
        _check_types(types, keys, event_time, times)
        taken = _taken(columns, known, {*keys.values(), *times})
        joined = asof_join(
            without_nan(tables[0], types[0], keys),
            without_nan(tables[1], types[1], keys.values()),
            entity=keys, event_time=event_time, feature_time=feature_time, row=_ROW, ttl=ttl, created=created,
            known_at=known_at, columns={_ROW: _MATCH} if frames[1] is not None else {n: n for n in taken},
        )  # fmt: skip
        left = [] if frames[0] is not None else known[0]
        right = [_MATCH] if frames[1] is not None else taken
        query = fragment("select 1 from $j as j order by $row", j=joined, row=column(_ROW))
        query.set("expressions", [column(name) for name in [*left, *right]] or [column(_ROW)])
        result = connection.sql(text(query)).to_arrow_table()
    ours = frames[0] if frames[0] is not None else _to_pandas(result.select(left))
    part = (
        _to_pandas(result.select(taken))
        if frames[1] is None
        else _picked(frames[1][taken], result.column(_MATCH).fill_null(-1).to_numpy())
    )
    part.index = ours.index
    return pd.concat([ours, part], axis=1)


_SIDES = ("entities", "features")


def _keys(entity: str | Sequence[str] | Mapping[str, str]) -> dict[str, str]:
    if isinstance(entity, str):
        return {entity: entity}
    if not isinstance(entity, Sequence | Mapping):
        raise SpecError(f"`entity` is {entity!r}, expected a column's name, a list or a map of names")
    keys = dict(entity) if isinstance(entity, Mapping) else {name: name for name in entity}
    if not keys:
        raise SpecError("`entity` names no key")
    return keys


def _needed(names: Sequence[str], known: Sequence[str], side: str) -> list[str]:
    """Return the names once each; raises SpecError for one that is not known."""
    for name in names:
        if name not in known:
            hint = did_you_mean(str(name), map(str, known))
            raise SpecError(f"{side} have no column {name!r}", help=hint)
    return list(dict.fromkeys(names))


def _taken(columns: Sequence[str] | None, known: Sequence[Sequence[str]], used: set[str]) -> list[str]:
    if columns is None:
        taken = [name for name in known[1] if name not in used]
    else:
        taken = _needed(columns, known[1], "features")
    folded = {name.casefold() for name in known[0]}
    if clash := [name for name in taken if name.casefold() in folded]:
        raise SpecError(
            f"entities and features both have a column {', '.join(map(repr, clash))}",
            help="rename it on one side, or name in `columns` the ones to take",
        )
    return taken


def _check_types(
    types: Sequence[Mapping[str, str]], keys: Mapping[str, str], event_time: str, times: Sequence[str]
) -> None:
    for side, kinds, names in zip(_SIDES, types, ([event_time], times), strict=True):
        for name in names:
            if from_duckdb(kinds[name]) not in ("date", "timestamp"):
                raise SpecError(
                    f"{side}: column {name!r} is {from_duckdb(kinds[name])}, expected a timestamp or date",
                    help="convert it, for example with pandas.to_datetime",
                )
    for mine, theirs in keys.items():
        a, b = from_duckdb(types[0][mine]), from_duckdb(types[1][theirs])
        if a != b and not (is_numeric(a) and is_numeric(b)):
            raise SpecError(f"key {mine!r} of the entities is {a}, {theirs!r} of the features is {b}")


def without_nan(table: exp.Expr, types: Mapping[str, str], keys: Iterable[str]) -> exp.Expr:
    """Make NaN keys null, for in SQL NaN equals NaN."""
    floats = [name for name in keys if types[name] in ("FLOAT", "DOUBLE")]
    if not floats:
        return table
    query = fragment("select * replace (1 as x) from $t as t", t=table)
    clean = [
        named(fragment("case when not isnan($x) then $x end", x=column(name)), name)
        for name in dict.fromkeys(floats)
    ]
    query.expressions[0].set("replace", clean)
    return query


def _to_pandas(table: Any) -> "pandas.DataFrame":
    """Return an Arrow table as a frame in which no integer has lost a digit."""
    import pandas as pd
    import pyarrow as pa

    frame: pd.DataFrame = table.to_pandas()
    for name in table.column_names:
        values = table.column(name)
        if values.null_count and pa.types.is_integer(values.type):
            whole = pd.Series(
                values.to_pandas(integer_object_nulls=True),
                dtype="UInt64" if pa.types.is_uint64(values.type) else "Int64",
            )
            if _beyond_floats(whole):
                frame[name] = whole
    return frame


def _picked(frame: "pandas.DataFrame", positions: Any) -> "pandas.DataFrame":
    """Return the rows at `positions`; -1 is a row of nulls."""
    plain = frame.reset_index(drop=True)
    if (positions < 0).any():
        for name in plain.columns[[kind.kind in "iu" for kind in plain.dtypes]]:
            if _beyond_floats(plain[name]):
                plain[name] = plain[name].astype("UInt64" if plain[name].dtype.kind == "u" else "Int64")
    return plain.reindex(positions)


def _beyond_floats(values: "pandas.Series[Any]") -> bool:
    there = values.dropna()
    return bool(len(there)) and max(abs(int(there.min())), abs(int(there.max()))) > _EXACT

"""The point-in-time join as a function on tables: every entity row with the features that were known at its time."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mlopsc.diagnostics.errors import SpecError
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.runtime.asof import Matching, asof_join, packing
from mlopsc.runtime.engine.parquet import describe
from mlopsc.runtime.engine.statement import column, fragment, named, nan_as_null, select, text
from mlopsc.runtime.sorted_join import matched
from mlopsc.vocabulary.columns import from_duckdb, is_numeric

if TYPE_CHECKING:
    import duckdb
    import pandas

_ROW = "__row__"
_MATCH = "__match__"
_BATCH = 1_048_576
_EXACT = 2**53
"""Whole numbers up to this are floats without loss."""


def point_in_time_join(
    entities: Any,
    features: Any,
    *,
    entity: str | Sequence[str] | Mapping[str, str],
    event_time: str,
    feature_time: str,
    ttl: timedelta | None = None,
    created: str | None = None,
    tie_break: Sequence[str] = (),
    known_at: str | None = None,
    available_after: timedelta = timedelta(0),
    columns: Sequence[str] | None = None,
) -> "pandas.DataFrame":
    """Return every row of `entities`, in order, with the feature columns that were known at its time.

    `entities` and `features` are pandas, polars or pyarrow tables, or paths of Parquet (`.csv` and `.jsonl`
    by name). `entity` names the key, or maps entities' columns to features' columns. Rows with a null key or
    time match nothing. `ttl` bounds the age of a feature, inclusively, counted from its own time. Of rows of one
    time the latest `created` wins, then the greatest values of `tie_break` in turn, then the last in the table. A
    row is known `available_after` its time; with `known_at`, rows whose value there is null or later than the
    entity's time do not join either. `columns` are the feature columns to take; None takes all but keys and
    times. Naive timestamps are UTC; finer ones are rounded to microseconds. A pandas frame keeps its index
    and types; integers with gaps become floats as pandas has it, or nullable `Int64` where a float would not
    hold them.

    Raises SpecError for columns that do not exist, are of the wrong type, or clash in name.
    """
    import pandas as pd

    from mlopsc.runtime.tables import opened

    keys = _keys(entity)
    if ttl is not None:
        _check_duration("ttl", ttl)
    _check_duration("available_after", available_after)
    if isinstance(tie_break, str) or not isinstance(tie_break, Sequence):
        raise SpecError(f"`tie_break` is {tie_break!r}, expected a list of column names")
    times = [feature_time, *(name for name in (created, known_at) if name is not None)]
    wanted = ([*keys, event_time], [*keys.values(), *times, *tie_break])
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
        matching = Matching(
            entity=keys, event_time=event_time, feature_time=feature_time, row=_ROW, ttl=ttl, created=created,
            tie_break=tie_break, known_at=known_at, available_after=available_after,
        )  # fmt: skip
        sides = (
            without_nan(tables[0], types[0], keys),
            without_nan(tables[1], types[1], keys.values()),
        )
        left = [] if frames[0] is not None else known[0]
        right = [] if frames[1] is not None else taken
        match = matched(connection, *sides, matching, types)
        if match is not None:
            mine = _read(connection, tables[0], left) if left else None
            theirs = _rows_at(connection, tables[1], right, match) if right else None
        else:
            joined = asof_join(
                *sides,
                matching,
                {_ROW: _MATCH} | {n: n for n in right},
                packing(connection, tables[1], matching),
            )
            query = fragment("select 1 from $j as j order by $row", j=joined, row=column(_ROW))
            query.set("expressions", [column(name) for name in [*left, *right, _MATCH]])
            result = connection.sql(text(query)).to_arrow_table()
            mine, theirs = result.select(left), result.select(right)
            match = result.column(_MATCH).fill_null(-1).to_numpy()
    ours = frames[0] if frames[0] is not None else _to_pandas(mine)
    if frames[1] is not None:
        part = _picked(frames[1][taken], match)
    else:
        part = _to_pandas(theirs) if right else pd.DataFrame(index=range(len(match)))
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


def _check_duration(name: str, value: timedelta) -> None:
    if not isinstance(value, timedelta):
        raise SpecError(f"`{name}` is {value!r}, expected a datetime.timedelta")
    if value < timedelta(0):
        raise SpecError(f"`{name}` is negative: {value}")


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
    clean = [named(nan_as_null(column(name)), name) for name in dict.fromkeys(floats)]
    query.expressions[0].set("replace", clean)
    return query


def _read(connection: "duckdb.DuckDBPyConnection", table: exp.Expr, names: Sequence[str]) -> Any:
    """Return columns of a table as Arrow, its rows in their order."""
    return connection.sql(text(select(*map(column, names), source=table))).to_arrow_table()


def _rows_at(
    connection: "duckdb.DuckDBPyConnection", table: exp.Expr, names: Sequence[str], positions: Any
) -> Any:
    """Return the rows of a table at `positions` as Arrow, nulls for -1; no more than these is held."""
    import numpy as np
    import pyarrow as pa

    asked = np.zeros(int(positions.max(initial=-1)) + 1, dtype=bool)
    asked[positions[positions >= 0]] = True
    wanted = np.flatnonzero(asked)
    places = (np.cumsum(asked) - 1)[positions] if len(wanted) else positions
    reader = connection.sql(text(select(*map(column, names), source=table))).to_arrow_reader(_BATCH)
    taken, start = [], 0
    for batch in reader:
        low, high = np.searchsorted(wanted, [start, start + len(batch)])
        if low < high:
            taken.append(batch.take(pa.array(wanted[low:high] - start)))
        start += len(batch)
    rows = pa.Table.from_batches(taken, reader.schema).combine_chunks()
    return rows.take(pa.array(places, mask=positions < 0))


def _to_pandas(table: Any) -> "pandas.DataFrame":
    """Return an Arrow table as a frame in which no integer has lost a digit."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    frame: pd.DataFrame = table.to_pandas()
    for name in table.column_names:
        values = table.column(name)
        if values.null_count and pa.types.is_integer(values.type):
            ends = pc.min_max(values).as_py()
            if any(end is not None and abs(end) > _EXACT for end in ends.values()):
                frame[name] = pd.Series(
                    values.to_pandas(integer_object_nulls=True),
                    dtype="UInt64" if pa.types.is_uint64(values.type) else "Int64",
                )
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

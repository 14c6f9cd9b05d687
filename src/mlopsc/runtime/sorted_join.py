"""The join at a point in time by sorting whole numbers in memory: which feature row joins each entity row.

What does not go into 63 bits, or not into memory, is left to the statement of `asof`, which means the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mlopsc.runtime.asof import Matching, micros, ordered_created, whole_micros
from mlopsc.runtime.engine.statement import column, fragment, named, select, text
from mlopsc.runtime.machine import capacity
from mlopsc.runtime.stamps import Grid, settle, sort, sorted_rows

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from mlopsc.runtime.stamps import Numbers

_FAR = 2**61
"""Microseconds that no time is from 1970, but for infinite ones."""
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
_BYTES = 160
"""What a row takes here at most, without long texts."""
_SHARE = 4
"""The part of the machine's memory that may be taken is one in so many."""


def matched(
    connection: "duckdb.DuckDBPyConnection",
    entities: exp.Expr,
    features: exp.Expr,
    matching: Matching,
    types: Sequence[Mapping[str, str]],
) -> "Numbers | None":
    """Return the number of the feature row that joins each entity row, in their order; -1 where none does.

    `features` come in the order of their `row`; `types` are DuckDB's, of both sides. None when it is not for here:
    keys of other types than whole numbers and texts, ties settled by more than `created`, infinite times, too many
    rows.
    """
    import numpy as np

    kinds = [(types[0][mine], types[1][theirs]) for mine, theirs in matching.entity.items()]
    whole = [mine in _WHOLE and theirs in _WHOLE for mine, theirs in kinds]
    texts = [mine == theirs == "VARCHAR" for mine, theirs in kinds]
    if matching.tie_break or not all(map(max, whole, texts)):
        return None
    if not _fits(connection, entities, features):
        return None
    right = _features(connection, features, matching, whole)
    left = _entities(connection, entities, matching, whole)
    delay = whole_micros(matching.available_after)
    found = np.full(len(left), -1, dtype=np.int64)
    if not len(right) or not len(left):
        return found
    times = [left.column("t"), right.column("t"), *([right.column("known")] if matching.known_at else [])]
    if delay >= _FAR or any(map(_far, times)):
        return None
    for i, flag in enumerate(whole):
        if not flag or _sparse(right.column(f"k{i}")):
            left, right = _listed(left, right, f"k{i}")
    sides = sorted_rows(right, len(whole))
    if sides is None:
        return None
    grid, stamps, rows = sides
    if matching.created is not None:
        settle(stamps, rows, right.column("created").to_numpy())
    event = left.column("t").to_numpy()
    arrived = _arrived(right, grid, stamps, rows, delay) if matching.known_at else _Arrived(grid, stamps)
    if arrived is None:
        return None
    mine = grid.codes([left.column(f"k{i}").to_numpy() for i in range(len(whole))])
    until = arrived.grid.seen(event if matching.known_at else event - delay)
    asking = np.flatnonzero(left.column("whole").to_numpy() & (mine >= 0) & (until >= 0))
    least = mine[asking] * arrived.grid.times
    wanted = least + until[asking]
    by = np.argsort(wanted)
    asking, least, wanted = asking[by], least[by], wanted[by]
    place = np.searchsorted(arrived.stamps, wanted, "right") - 1
    there = (place >= 0) & (arrived.stamps[place] >= least)
    rank = place if arrived.newest is None else arrived.newest[place]
    if matching.ttl is not None:
        there &= event[asking] - grid.time(stamps[rank]) <= min(whole_micros(matching.ttl), 2**62)
    found[asking[there]] = _at(right.column("row"), rows[rank[there]])
    return found


@dataclass(frozen=True)
class _Arrived:
    """Rows in order of their keys and of when they are known."""

    grid: Grid
    stamps: "Numbers"
    newest: "Numbers | None" = None
    """The rank by key and time of the newest row that is known by then; None where that is the row itself."""


def _arrived(
    right: "pa.Table", grid: Grid, stamps: "Numbers", rows: "Numbers", delay: int
) -> _Arrived | None:
    """Order rows anew by when they are known; what comes after something newer is superseded on arrival."""
    import numpy as np

    times = np.maximum(right.column("t").to_numpy() + delay, right.column("known").to_numpy())[rows]
    late = grid.over(times)
    if late is None:
        return None
    codes = stamps // grid.times
    arrivals, ranks = sort(codes * late.times + late.seen(times), late.size)
    # All ranks of a key are above those of the keys before it.
    return _Arrived(late, arrivals, np.maximum.accumulate(ranks))


def _fits(connection: "duckdb.DuckDBPyConnection", *tables: exp.Expr) -> bool:
    count = [
        connection.execute(text(fragment("select count(*) from $t as t", t=t))).fetchall() for t in tables
    ]
    return bool(sum(rows[0][0] for rows in count) * _BYTES * _SHARE <= capacity().memory)


def _features(
    connection: "duckdb.DuckDBPyConnection", features: exp.Expr, matching: Matching, whole: Sequence[bool]
) -> "pa.Table":
    """Return the feature rows that can join: keys `k0`…, `t`, `row`, and what else settles which one."""
    listed = {
        f"k{i}": _key(name, flag) for i, (name, flag) in enumerate(zip(matching.keys, whole, strict=True))
    }
    listed |= {"t": micros(matching.feature_time), "row": column(matching.row)}
    if matching.created is not None:
        listed["created"] = ordered_created(matching.created)
    needed = [*matching.keys, matching.feature_time]
    if matching.known_at is not None:
        listed["known"] = micros(matching.known_at)
        needed.append(matching.known_at)
    query = select(*(named(value, name) for name, value in listed.items()), source=features)
    query = query.where(*(fragment("$x is not null", x=column(name)) for name in needed), copy=False)
    return connection.sql(text(query)).to_arrow_table()


def _entities(
    connection: "duckdb.DuckDBPyConnection", entities: exp.Expr, matching: Matching, whole: Sequence[bool]
) -> "pa.Table":
    """Return all entity rows: keys `k0`…, `t`, and `whole`, whether none of them was null."""
    listed = {
        f"k{i}": fragment("coalesce($k, $x)", k=_key(name, flag), x=0 if flag else "")
        for i, (name, flag) in enumerate(zip(matching.entity, whole, strict=True))
    }
    listed["t"] = fragment("coalesce($t, 0)", t=micros(matching.event_time))
    there = [fragment("$x is not null", x=column(name)) for name in [*matching.entity, matching.event_time]]
    listed["whole"] = exp.and_(*there)
    query = select(*(named(value, name) for name, value in listed.items()), source=entities)
    return connection.sql(text(query)).to_arrow_table()


def _key(name: str, whole: bool) -> exp.Expr:
    return fragment("cast($k as bigint)", k=column(name)) if whole else column(name)


def _far(times: "pa.ChunkedArray") -> bool:
    return any(
        int(chunk.min()) <= -_FAR or int(chunk.max()) >= _FAR
        for chunk in (part.to_numpy() for part in times.chunks)
        if len(chunk)
    )


def _sparse(keys: "pa.ChunkedArray") -> bool:
    """Whether most of the numbers between the least and the greatest key are none."""
    ends = [
        int(end)
        for part in keys.chunks
        if len(part)
        for end in (part.to_numpy().min(), part.to_numpy().max())
    ]
    return max(ends) - min(ends) > 8 * len(keys) + 1024


def _listed(left: "pa.Table", right: "pa.Table", name: str) -> "tuple[pa.Table, pa.Table]":
    """Replace keys by their places in the list of all keys of the features; -1 for those that are not there."""
    import pyarrow as pa
    import pyarrow.compute as pc

    encoded = right.column(name).combine_chunks().dictionary_encode()
    found = pc.index_in(left.column(name), value_set=encoded.dictionary).fill_null(-1)
    return (
        left.set_column(left.column_names.index(name), name, found.cast(pa.int64())),
        right.set_column(right.column_names.index(name), name, encoded.indices.cast(pa.int64())),
    )


def _at(numbers: "pa.ChunkedArray", places: "Numbers") -> Any:
    """Return the numbers at places of a column of ascending ones."""
    first, last = numbers[0].as_py(), numbers[-1].as_py()
    if last - first == len(numbers) - 1:
        return places + first
    return numbers.to_numpy()[places]

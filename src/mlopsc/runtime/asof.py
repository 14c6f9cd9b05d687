"""The statement of a point-in-time join: for each entity row the feature row that was the latest known one.

A feature row is a candidate when its keys equal the entity's, it is not older than `ttl` at the entity's time (the
bound is inclusive), and it was known by then: from its own time on, or `available_after` later, and with `known_at`
from the time that stands there. Of the candidates the one with the latest time joins; then the one with the latest
`created`, then with the greatest values in `tie_break`, in turn (null is least); then the one that stands last in the
table. The row joins as a whole: a null in it stays null.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlglot import exp

from mlopsc.runtime.engine.statement import column, fragment, named, text

if TYPE_CHECKING:
    import duckdb

_LAST = 9_223_372_036_854_775_807
_FIRST = -_LAST


@dataclass(frozen=True)
class Matching:
    """Which feature row joins which entity row: keys, times, and what settles ties."""

    entity: Mapping[str, str]
    """Key column of the entities → key column of the features; null keys match nothing."""
    event_time: str
    """The entities' time; it and those below are date or timestamp columns, compared as instants (naive is UTC)."""
    feature_time: str
    row: str
    """A whole-number column of the features that tells their order."""
    ttl: timedelta | None = None
    created: str | None = None
    tie_break: Sequence[str] = ()
    known_at: str | None = None
    available_after: timedelta = field(default=timedelta(0))

    @property
    def keys(self) -> list[str]:
        """The features' key columns."""
        return list(self.entity.values())


@dataclass(frozen=True)
class Packing:
    """How time and row go into one whole number, which is compared faster than two."""

    first: int
    """The earliest time, in microseconds."""
    last: int
    unit: int
    """All times are a multiple of it later than the first, in microseconds."""
    rows: int
    """A power of two greater than all rows' numbers."""

    def packed(self, time: exp.Expr, row: exp.Expr) -> exp.Expr:
        """Return time and row in one."""
        return fragment(
            "($t - $first) // $unit * $rows + $r",
            t=time, first=self.first, unit=self.unit, rows=self.rows, r=row,
        )  # fmt: skip

    def bound(self, seen: exp.Expr) -> exp.Expr:
        """Return the greatest number that is seen at a time; -1 sees none."""
        last = self.packed(
            fragment("least($t, $last)", t=seen, last=self.last), fragment("$r", r=self.rows - 1)
        )
        return fragment("case when $t < $first then -1 else $p end", t=seen, first=self.first, p=last)


def packing(
    connection: "duckdb.DuckDBPyConnection", features: exp.Expr, matching: Matching
) -> Packing | None:
    """Return how times and rows of the features are packed; None when 63 bits are too few, or more settles ties."""
    if matching.created is not None or matching.tie_break or matching.known_at is not None:
        return None
    time = micros(matching.feature_time)
    query = fragment(
        "select min($t), max($t), bool_and($t % 1000000 = 0), bool_and($t % 1000 = 0), max($r) from $f as f",
        t=time, r=column(matching.row), f=features,
    )  # fmt: skip
    first, last, seconds, millis, row = connection.execute(text(query)).fetchall()[0]
    if first is None:
        return None
    unit = 1_000_000 if seconds else 1000 if millis else 1
    found = Packing(first, last, unit, 1 << int(row).bit_length())
    return found if ((last - first) // unit + 1) * found.rows <= _LAST else None


def asof_join(
    entities: exp.Expr,
    features: exp.Expr,
    matching: Matching,
    columns: Mapping[str, str],
    packing: Packing | None = None,
) -> exp.Select:
    """Return a query for all columns of `entities` and the joined `columns` (feature column → name given).

    `entities` and `features` are tables or queries. The result has every entity row once, in no order: sort by a
    column of `entities`.
    """
    if packing is not None:
        right, stamp = _packed(features, matching, packing)
    else:
        right, bound = (_stamped if matching.known_at is None else _arriving)(features, matching)
        stamp = _struct(bound)
    left = fragment(
        "select *, case when $time is not null then $s end as __s, $t as __t from $e as e",
        time=column(matching.event_time), s=stamp, t=micros(matching.event_time), e=entities,
    )  # fmt: skip
    ttl = matching.ttl
    fresh = None if ttl is None else fragment("e.__t - f.__t <= $ttl", ttl=whole_micros(ttl))
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
    for mine, theirs in matching.entity.items():
        equal = exp.EQ(this=column(mine, "e"), expression=column(theirs, "f"))
        condition.set("on", exp.And(this=equal, expression=condition.args["on"]))
    return joined.select(*taken, copy=False)


def _packed(features: exp.Expr, matching: Matching, packing: Packing) -> tuple[exp.Expr, exp.Expr]:
    """Return the features with a stamp that orders them, and the greatest that each entity row may see."""
    time = micros(matching.feature_time)
    right = fragment(
        "select *, $t as __t, $s as __s from $f as f where $time is not null",
        s=packing.packed(time, column(matching.row)), t=time, f=features,
        time=column(matching.feature_time),
    )  # fmt: skip
    return right, packing.bound(_seen(matching))


def _stamped(features: exp.Expr, matching: Matching) -> tuple[exp.Expr, dict[str, exp.Expr]]:
    """Return the same in fields of a struct.

    An ASOF join has one inequality. A struct compares field by field, so that it also settles the ties.
    """
    time = micros(matching.feature_time)
    stamp = {"t": time}
    if matching.tie_break:
        stamp["r"] = settled(matching)
    else:
        if matching.created is not None:
            stamp["c"] = ordered_created(matching.created)
        stamp["r"] = column(matching.row)
    right = fragment(
        "select *, $t as __t, $s as __s from $f as f where $time is not null",
        s=_struct(stamp), t=time, f=features, time=column(matching.feature_time),
    )  # fmt: skip
    bound = {name: fragment("$x", x=_LAST) for name in stamp} | {"t": _seen(matching)}
    return right, bound


def _arriving(features: exp.Expr, matching: Matching) -> tuple[exp.Expr, dict[str, exp.Expr]]:
    """Return the same where rows become known at times of their own.

    What arrives after something newer is superseded on arrival; the last of the rest is the newest.
    """
    assert matching.known_at is not None
    time = micros(matching.feature_time)
    ranked = fragment(
        "select *, $t as __t, greatest($a, $k) as __a, $rank as __r from $f as f "
        "where $time is not null and $known is not null",
        t=time, a=shifted(time, matching.available_after), k=micros(matching.known_at),
        rank=settled(matching, time), f=features,
        time=column(matching.feature_time), known=column(matching.known_at),
    )  # fmt: skip
    newest = _window("max(__r)", matching.keys, [column("__a"), column("__r")])
    right = fragment(
        "select *, {'a': __a, 'r': __r} as __s from $f as f qualify __r = $newest", f=ranked, newest=newest
    )
    return right, {"a": micros(matching.event_time), "r": fragment("$x", x=_LAST)}


def settled(matching: Matching, *first: exp.Expr) -> exp.Expr:
    """Return the rank of each feature row among those of its keys, by `first` and then by what settles ties."""
    created = [ordered_created(matching.created)] if matching.created is not None else []
    ties = [exp.Ordered(this=column(name), nulls_first=True) for name in matching.tie_break]
    return _window("row_number()", matching.keys, [*first, *created, *ties, column(matching.row)])


def micros(name: str) -> exp.Expr:
    """Return a time column as microseconds since 1970, a whole number."""
    return fragment("epoch_us(cast($x as timestamptz))", x=column(name))


def whole_micros(duration: timedelta) -> int:
    """Return a duration in microseconds."""
    return duration // timedelta(microseconds=1)


def shifted(time: exp.Expr, by: timedelta) -> exp.Expr:
    """Return a time in microseconds, later by a duration."""
    return fragment("$t + $d", t=time, d=whole_micros(by)) if by else time


def _seen(matching: Matching) -> exp.Expr:
    """Return the latest feature time that is known at the entity's."""
    return shifted(micros(matching.event_time), -matching.available_after)


def ordered_created(name: str) -> exp.Expr:
    """Return the time when a row was made as a whole number, null as the least."""
    return fragment("coalesce($x, $first)", x=micros(name), first=_FIRST)


def _struct(fields: Mapping[str, exp.Expr]) -> exp.Expr:
    pairs = [
        exp.PropertyEQ(this=exp.Literal.string(name), expression=value) for name, value in fields.items()
    ]
    return exp.Struct(expressions=pairs)


def _window(function: str, keys: Sequence[str], order: Iterable[exp.Expr]) -> exp.Expr:
    window = fragment(f"{function} over (order by 1 rows between unbounded preceding and current row)")
    window.set("partition_by", [column(key) for key in keys])
    by = [one if isinstance(one, exp.Ordered) else exp.Ordered(this=one, nulls_first=False) for one in order]
    window.set("order", exp.Order(expressions=by))
    return window

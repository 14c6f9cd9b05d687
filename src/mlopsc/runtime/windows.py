"""The statements of window aggregates: for each entity row, aggregates of the rows that are known at its time.

A row with time t and the entity's keys counts at the entity's time L in a window w when
L - w < t + available_after <= L, and, with `known_at`, when the time that stands there is not later than L.

Rows and entities are laid in one table, sorted by keys and time, and every window is a frame over it: one pass for
all. Rows become known in another order than that of their times, so with `known_at` they are joined to entities, and
grouped.
"""

from collections.abc import Mapping
from datetime import timedelta

from sqlglot import exp

from mlopsc.runtime.aggregates import RANK, Piece, Recipe
from mlopsc.runtime.asof import Matching, micros, settled, shifted, whole_micros
from mlopsc.runtime.engine.statement import column, fragment, named, select

_ID, _TIME, _KNOWN = "__id", "__time", "__known"


def window_join(
    entities: exp.Expr,
    rows: exp.Expr,
    matching: Matching,
    recipe: Recipe,
    position: str,
    names: Mapping[str, str],
) -> exp.Select:
    """Return a query for all columns of `entities` and the recipe's results under the names given.

    `entities` and `rows` are tables or queries, `position` a column that tells entity rows apart. The result has every
    entity row once, in no order.
    """
    pieces = _framed if matching.known_at is None else _grouped
    made = pieces(_rows(rows, matching, recipe), _entities(entities, matching, position), matching, recipe)
    for (
        name,
        value,
    ) in recipe.steps.items():  # one query in another: an alias would be reckoned wherever it is used
        made = select(exp.Star(), named(value, name), source=made)
    results = [named(value, names[name]) for name, value in recipe.results.items()]
    joined = fragment(
        "select e.* from $e as e join $r as r on $id = $position",
        e=entities, r=select(column(_ID), *results, source=made),
        id=column(_ID, "r"), position=column(position, "e"),
    )  # fmt: skip
    assert isinstance(joined, exp.Select)
    return joined.select(*(column(name, "r") for name in names.values()), copy=False)


def _rows(rows: exp.Expr, matching: Matching, recipe: Recipe) -> exp.Select:
    """Return the rows that may count: keys, time, and the values that the recipe wants."""
    time = shifted(micros(matching.feature_time), matching.available_after)
    listed = [named(column(name), _key(n)) for n, name in enumerate(matching.keys)]
    listed.append(named(time, _TIME))
    if matching.known_at is not None:
        listed.append(named(micros(matching.known_at), _KNOWN))
    if any(piece.ranked for piece in recipe.pieces.values()):
        listed.append(named(settled(matching, time), RANK))
    listed += [named(value, name) for name, value in recipe.values.items()]
    there = [*matching.keys, matching.feature_time, *filter(None, [matching.known_at])]
    query = select(*listed, source=rows)
    return query.where(*(fragment("$x is not null", x=column(name)) for name in there), copy=False)


def _entities(entities: exp.Expr, matching: Matching, position: str) -> exp.Select:
    """Return the entity rows: keys, time and position."""
    keys = [named(column(name), _key(n)) for n, name in enumerate(matching.entity)]
    time = named(micros(matching.event_time), _TIME)
    return select(*keys, time, named(column(position), _ID), source=entities)


def _framed(rows: exp.Select, entities: exp.Select, matching: Matching, recipe: Recipe) -> exp.Expr:
    """Return the pieces for each entity row, as frames over rows and entities together."""
    rows = _in_reach(rows, entities, recipe)
    extra = [name for name in rows.named_selects if name not in (_TIME, *_keys(matching))]
    both = exp.union(
        select(*map(column, rows.named_selects), named(exp.null(), _ID), source=rows),
        select(
            *map(column, [*_keys(matching), _TIME]),
            *(named(exp.null(), name) for name in extra),
            column(_ID),
            source=entities,
        ),
        distinct=False,
    )
    pieces = [
        named(
            _frame(
                piece.over(column(piece.value), _rank(piece, column(piece.value))), matching, piece.window
            ),
            name,
        )
        for name, piece in recipe.pieces.items()
    ]
    framed = select(column(_ID), *pieces, source=both)
    return fragment("select * from $f as f where $id is not null", f=framed, id=column(_ID))


def _in_reach(rows: exp.Select, entities: exp.Select, recipe: Recipe) -> exp.Select:
    """Return the rows that the window of any entity row may hold, so that few entities sort few rows."""
    longest = max(piece.window for piece in recipe.pieces.values())
    reached = fragment(
        "select 1 from $rows as r "
        "where $t > (select min($t) from $e as e) - $w and $t <= (select max($t) from $e as e)",
        rows=rows, e=entities, t=column(_TIME), w=whole_micros(longest),
    )  # fmt: skip
    assert isinstance(reached, exp.Select)
    reached.set("expressions", [column(name) for name in rows.named_selects])
    return reached


def _frame(function: exp.Expr, matching: Matching, window: timedelta) -> exp.Expr:
    """Return a function over the rows of a window that ends with the current instant, all rows of which count."""
    framed = fragment(
        "count(*) over (partition by 1 order by $t range between $w preceding and current row)",
        t=column(_TIME), w=whole_micros(window) - 1,
    )  # fmt: skip
    framed.set("this", function)
    framed.set("partition_by", [column(name) for name in _keys(matching)])
    return framed


def _grouped(rows: exp.Select, entities: exp.Select, matching: Matching, recipe: Recipe) -> exp.Expr:
    """Return the pieces for each entity row, grouped from the rows that were known at its time."""
    longest = max(piece.window for piece in recipe.pieces.values())
    joined = fragment(
        "select 1 from $e as e left join $r as r "
        "on $t <= $now and $known <= $now and $t > $now - $w group by $id",
        e=entities, r=rows, t=column(_TIME, "r"), now=column(_TIME, "e"), known=column(_KNOWN, "r"),
        w=whole_micros(longest), id=column(_ID, "e"),
    )  # fmt: skip
    condition = joined.args["joins"][0]
    for key in _keys(matching):
        equal = exp.EQ(this=column(key, "e"), expression=column(key, "r"))
        condition.set("on", exp.And(this=equal, expression=condition.args["on"]))
    pieces = []
    for name, piece in recipe.pieces.items():
        value = fragment(
            "case when $t > $now - $w then $x end",
            t=column(_TIME, "r"), now=column(_TIME, "e"), w=whole_micros(piece.window),
            x=column(piece.value, "r"),
        )  # fmt: skip
        pieces.append(named(piece.over(value, _rank(piece, value)), name))
    joined.set("expressions", [named(column(_ID, "e"), _ID), *pieces])
    return joined


def _rank(piece: Piece, value: exp.Expr) -> exp.Expr:
    """Return the rank of a row that has a value, else null."""
    if not piece.ranked:
        return exp.null()
    return fragment("case when $x is not null then $r end", x=value, r=column(RANK))


def _keys(matching: Matching) -> list[str]:
    return [_key(n) for n in range(len(matching.entity))]


def _key(number: int) -> str:
    return f"__k{number}"

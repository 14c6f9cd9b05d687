"""The ASOF join in Spark: both sides in one column of rows, each left row takes the last right row before it."""

from sqlglot import exp

from mlopsc.runtime.engine.spark.scalars import Rewrite
from mlopsc.runtime.engine.spark.world import Untranslatable

LEFT, RIGHT = "__left", "__right"
_SIDE, _BY = "__side", "__by"


def asof_join(
    left: exp.Expr,
    right: exp.Expr,
    names: tuple[str, str],
    condition: exp.Expr,
    rewrite: Rewrite,
    *,
    outer: bool,
) -> exp.Subquery:
    """Return a table with two columns, the left row and the right row as structs under the sides' names.

    The tables are Spark's already; `condition`, DuckDB's, is equalities and one `left >= right`, whose sides `rewrite`
    makes Spark's. Nulls match nothing: right rows with a null in the condition are left out, and what is null on the
    left meets no right row in its partition.
    """
    left_name, right_name = names
    equal, ordered = _parts(condition, rewrite, left_name, right_name)
    keys = [f"__key{i}" for i in range(len(equal))]
    lefts = _side(left, left_name, 1, [mine for mine, _ in equal], ordered[0], keys)
    rights = _side(right, right_name, 0, [theirs for _, theirs in equal], ordered[1], keys)
    known = [theirs.copy() for _, theirs in [*equal, ordered]]
    rights = rights.where(
        *(exp.Not(this=exp.Is(this=part, expression=exp.Null())) for part in known), copy=False
    )
    both = exp.union(lefts, rights, distinct=False, copy=False)
    window = exp.Window(
        this=exp.IgnoreNulls(this=exp.Anonymous(this="last_value", expressions=[exp.column(RIGHT)])),
        partition_by=[exp.column(key) for key in keys],
        order=exp.Order(
            expressions=[
                exp.Ordered(this=exp.column(_BY), nulls_first=True),
                exp.Ordered(this=exp.column(_SIDE), nulls_first=True),
            ]
        ),
        spec=exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW"),
    )
    latest = exp.select(
        exp.alias_(exp.column(LEFT), exp.to_identifier(left_name, quoted=True)),
        exp.alias_(window, exp.to_identifier(right_name, quoted=True)),
        exp.column(_SIDE),
    ).from_(both.subquery("__both"))
    kept = exp.select(
        exp.column(exp.to_identifier(left_name, quoted=True)),
        exp.column(exp.to_identifier(right_name, quoted=True)),
    ).from_(latest.subquery("__latest"))
    kept = kept.where(exp.EQ(this=exp.column(_SIDE), expression=exp.Literal.number(1)))
    if not outer:
        found = exp.column(exp.to_identifier(right_name, quoted=True))
        kept = kept.where(exp.Not(this=exp.Is(this=found, expression=exp.Null())))
    return kept.subquery("__joined")


def _side(
    table: exp.Expr, name: str, side: int, keys: list[exp.Expr], by: exp.Expr, names: list[str]
) -> exp.Select:
    row = exp.Anonymous(
        this="struct",
        expressions=[exp.Column(this=exp.Star(), table=exp.to_identifier(name, quoted=True))],
    )
    listed = [exp.alias_(row, LEFT if side else RIGHT), exp.alias_(exp.null(), RIGHT if side else LEFT)]
    if not side:
        listed.reverse()
    listed += [exp.alias_(key, alias) for key, alias in zip(keys, names, strict=True)]
    listed += [exp.alias_(by, _BY), exp.alias_(exp.Literal.number(side), _SIDE)]
    return exp.select(*listed).from_(table)


def _parts(
    condition: exp.Expr, rewrite: Rewrite, left: str, right: str
) -> tuple[list[tuple[exp.Expr, exp.Expr]], tuple[exp.Expr, exp.Expr]]:
    equal: list[tuple[exp.Expr, exp.Expr]] = []
    ordered: tuple[exp.Expr, exp.Expr] | None = None
    for part in condition.flatten() if isinstance(condition, exp.And) else [condition]:
        part = part.unnest()
        if not isinstance(part, exp.EQ | exp.GTE | exp.LTE):
            raise Untranslatable(
                "an ASOF join with another condition than equalities and one >= of equal types"
            )
        mine, theirs = part.this, part.expression
        sides = [_table_of(side, left, right) for side in (mine, theirs)]
        turned = sides == [right, left]
        if turned:
            mine, theirs = theirs, mine
        elif sides != [left, right]:
            raise Untranslatable("an ASOF join whose condition mixes both sides")
        mine, theirs = rewrite(mine), rewrite(theirs)
        if isinstance(part, exp.EQ):
            equal.append((mine, theirs))
        elif isinstance(part, exp.LTE if turned else exp.GTE) and ordered is None:
            ordered = (mine, theirs)
        else:
            raise Untranslatable(
                "an ASOF join with another condition than equalities and one >= of equal types"
            )
    if ordered is None:
        raise Untranslatable("an ASOF join without an inequality")
    return equal, ordered


def _table_of(node: exp.Expr, left: str, right: str) -> str | None:
    names = {column.table.lower() for column in node.find_all(exp.Column)}
    return next((name for name in (left, right) if names == {name.lower()}), None)

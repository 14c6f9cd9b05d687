"""Aggregates with DuckDB's meaning: wide sums of whole numbers, sums of floats that no order of rows changes."""

from collections.abc import Callable
from functools import partial

from sqlglot import exp

from mlopsc.runtime.engine.spark.scalars import Rewrite, spark_cast
from mlopsc.runtime.engine.spark.types import FLOATS, WHOLE, is_decimal, is_number
from mlopsc.runtime.engine.spark.world import Untranslatable, World
from mlopsc.runtime.engine.statement import text
from mlopsc.sql.spark import UNORDERED, aggregate_help

Apply = Callable[[str, exp.Expr], exp.Expr]
"""Makes an aggregate of Spark's of its name and argument, under the filter and over the window that it stands in."""

Over = Callable[[exp.Expr], exp.Expr]
"""Puts one of Spark's aggregates over a window."""

_TALL = "1e28"
_LOW = "1e-15"
_SCALE = 100
"""Sums of floats are sums of whole numbers: of the part before the point, and of 100 bits behind it. What is too large
or too small for that is added as floats."""

_SAME: dict[type[exp.Expr], str] = {
    exp.LogicalAnd: "bool_and",
    exp.LogicalOr: "bool_or",
    exp.CountIf: "count_if",
    exp.Min: "min",
    exp.Max: "max",
}
_FLOATING: dict[type[exp.Expr], str] = {
    exp.Stddev: "stddev_samp",
    exp.StddevSamp: "stddev_samp",
    exp.StddevPop: "stddev_pop",
    exp.Variance: "var_samp",
    exp.VariancePop: "var_pop",
}
_PAIRED: dict[type[exp.Expr], str] = {
    exp.Corr: "corr",
    exp.CovarSamp: "covar_samp",
    exp.CovarPop: "covar_pop",
}


def aggregate(
    node: exp.Expr,
    condition: exp.Expr | None,
    rewrite: Rewrite,
    world: World,
    over: Over | None = None,
) -> exp.Expr:
    """Return an aggregate of Spark's, of the rows where `condition` (DuckDB's) is true.

    `over` puts each of Spark's aggregates over a window. Raises Untranslatable for one that Spark lacks.
    """
    kept = None if condition is None else rewrite(condition)
    apply = partial(_apply, kept, over)
    match node:
        case exp.Count():
            return _count(node, apply, rewrite, over)
        case exp.Sum():
            return _sum(node.this, apply, rewrite, world, windowed=over is not None)
        case exp.Avg():
            return _mean(node.this, apply, rewrite, world, windowed=over is not None)
        case exp.Max() | exp.Min() if node.expressions or isinstance(node.this, exp.Distinct):
            raise _unknown(node)
        case exp.LogicalAnd() | exp.LogicalOr() | exp.CountIf() | exp.Min() | exp.Max():
            return apply(_SAME[type(node)], rewrite(node.this))
        case exp.ArgMax() | exp.ArgMin() if node.args.get("count") is None:
            return _extreme_row(node, rewrite, kept, over)
        case exp.Median() if is_number(world.type_of(node.this)):
            return _quantile(node.this, exp.Literal.number("0.5"), apply, rewrite, world)
        case exp.PercentileCont() if is_number(world.type_of(node.this)):
            return _quantile(node.this, node.expression, apply, rewrite, world)
        case exp.GroupConcat(this=exp.Order() as ordered) if over is None:
            return _joined(ordered, node, rewrite, kept, world)
        case exp.PercentileDisc() if is_number(world.type_of(node.this)) and over is None:
            return _discrete(node, rewrite, kept)
        case _ if type(node) in _FLOATING and is_number(world.type_of(node.this)):
            return apply(_FLOATING[type(node)], spark_cast(rewrite(node.this), "double"))
        case _ if type(node) in _PAIRED and over is None:
            call = exp.Anonymous(
                this=_PAIRED[type(node)],
                expressions=[spark_cast(rewrite(part), "double") for part in (node.this, node.expression)],
            )
            return call if kept is None else exp.Filter(this=call, expression=exp.Where(this=kept))
    raise _unknown(node)


def _unknown(node: exp.Expr) -> Untranslatable:
    name = text(node)
    return Untranslatable(f"the aggregate {name}", help=aggregate_help(name.partition("(")[0]))


def _apply(kept: exp.Expr | None, over: Over | None, name: str, value: exp.Expr) -> exp.Expr:
    if over is None:
        call = exp.Anonymous(this=name, expressions=[value])
        return call if kept is None else exp.Filter(this=call, expression=exp.Where(this=kept.copy()))
    if kept is not None:  # Spark knows no FILTER over windows; nulls are left out as well
        one = exp.Literal.number(1) if isinstance(value, exp.Star) else value
        value = exp.Case(ifs=[exp.If(this=kept.copy(), true=one)])
    return over(exp.Anonymous(this=name, expressions=[value]))


def _count(node: exp.Count, apply: Apply, rewrite: Rewrite, over: Over | None) -> exp.Expr:
    if isinstance(node.this, exp.Distinct):
        if len(node.this.expressions) != 1:
            raise _unknown(node)
        value = rewrite(node.this.expressions[0])
        if over is not None:  # Spark counts distinct values over no window, but collects them
            return _spark("cast(size(x) AS bigint)", apply("collect_set", value))
        return apply("count", exp.Distinct(expressions=[value]))
    if node.this is None or isinstance(node.this, exp.Star):
        return apply("count", exp.Star())
    return apply("count", rewrite(node.this))


def _sum(value: exp.Expr, apply: Apply, rewrite: Rewrite, world: World, *, windowed: bool) -> exp.Expr:
    if isinstance(value, exp.Distinct):
        raise Untranslatable("a sum of distinct values", help="sum over a SELECT DISTINCT")
    kind = world.type_of(value)
    if kind == "BOOLEAN":
        return apply("count_if", rewrite(value))
    if kind in WHOLE:
        return apply("sum", spark_cast(rewrite(value), "decimal(38,0)"))
    if is_decimal(kind):
        return apply("sum", rewrite(value))
    if kind not in FLOATS:
        raise Untranslatable(f"a sum of {kind.lower()} values")
    x = spark_cast(rewrite(value), "double")
    return apply("sum", x) if windowed else _float_sum(x, apply)


def _float_sum(x: exp.Expr, apply: Apply) -> exp.Expr:
    """Return a sum of floats that is the same for any order of rows, unless very large and very small ones meet."""
    near = f"abs(x) < {_TALL} AND (abs(x) >= {_LOW} OR x = 0)"
    whole = "CASE WHEN x >= 0 THEN floor(cast(x AS decimal(38,9))) ELSE ceil(cast(x AS decimal(38,9))) END"
    parts = {
        "whole": f"CASE WHEN {near} THEN cast({whole} AS decimal(38,0)) END",
        "part": f"CASE WHEN {near} THEN cast((x - cast({whole} AS double)) * power(2D, {_SCALE}) AS decimal(38,0)) END",
        "rest": f"CASE WHEN NOT ({near}) THEN x END",
    }
    sums = {name: apply("sum", _spark(sql, x)) for name, sql in parts.items()}
    total = _spark(
        f"coalesce(cast(whole AS double), 0D) + coalesce(cast(part AS double), 0D) / power(2D, {_SCALE}) "
        "+ coalesce(rest, 0D)",
        **sums,
    )
    counted = exp.GT(this=apply("count", x.copy()), expression=exp.Literal.number(0))
    return exp.Case(ifs=[exp.If(this=counted, true=total)])


def _mean(value: exp.Expr, apply: Apply, rewrite: Rewrite, world: World, *, windowed: bool) -> exp.Expr:
    if isinstance(value, exp.Distinct) or not is_number(world.type_of(value)):
        raise Untranslatable(f"the mean of {text(value)}")
    total = spark_cast(_sum(value, apply, rewrite, world, windowed=windowed), "double")
    count = apply("count", rewrite(value))
    return _spark("CASE WHEN n > 0 THEN total / n END", n=count, total=total)


def _quantile(value: exp.Expr, share: exp.Expr, apply: Apply, rewrite: Rewrite, world: World) -> exp.Expr:
    kind = world.type_of(value)
    if is_decimal(kind):  # DuckDB goes between the decimals' whole numbers, and cuts what is between two off
        unit = f"{10 ** int(kind.partition(',')[2].rstrip(')'))}"
        whole = _spark(f"cast(x * {unit} AS double)", rewrite(value))
        call = _share(apply("percentile", whole), rewrite(share))
        cut = _spark(f"CASE WHEN x >= 0 THEN floor(x) ELSE ceil(x) END / {unit}D", call)
        return spark_cast(cut, kind.lower())
    return _share(apply("percentile", spark_cast(rewrite(value), "double")), rewrite(share))


def _discrete(node: exp.PercentileDisc, rewrite: Rewrite, kept: exp.Expr | None) -> exp.Expr:
    """Return one of the values, or a list of them for a list of shares."""
    shares = node.expression

    def one(share: exp.Expr) -> exp.Expr:
        call = exp.Anonymous(this="percentile_disc", expressions=[rewrite(share)])
        order = exp.Order(expressions=[exp.Ordered(this=rewrite(node.this), nulls_first=True)])
        within = exp.WithinGroup(this=call, expression=order)
        return within if kept is None else exp.Filter(this=within, expression=exp.Where(this=kept.copy()))

    if not isinstance(shares, exp.Array):
        return one(shares)
    return exp.Anonymous(this="array", expressions=[one(share) for share in shares.expressions])


def _joined(
    ordered: exp.Order, node: exp.GroupConcat, rewrite: Rewrite, kept: exp.Expr | None, world: World
) -> exp.Expr:
    """Return texts put together in an order that is said."""
    if isinstance(ordered.this, exp.Distinct) or world.type_of(ordered.this) != "VARCHAR":
        raise _unknown(node)
    order = exp.Order(this=rewrite(ordered.this), expressions=[rewrite(one) for one in ordered.expressions])
    call = exp.GroupConcat(this=order, separator=rewrite(node.args["separator"]))
    return call if kept is None else exp.Filter(this=call, expression=exp.Where(this=kept))


def _share(call: exp.Expr, share: exp.Expr) -> exp.Expr:
    inner = next(
        node for node in call.walk() if isinstance(node, exp.Anonymous) and node.this == "percentile"
    )
    inner.append("expressions", share)
    return call


def _extreme_row(node: exp.Expr, rewrite: Rewrite, kept: exp.Expr | None, over: Over | None) -> exp.Expr:
    """Return the value of the row that is first or last by another; rows where either is null do not count."""
    value, by = rewrite(node.this), rewrite(node.expression)
    there = exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null()))
    condition = exp.and_(there, *([kept.copy()] if kept is not None else []))
    name = "max_by" if isinstance(node, exp.ArgMax) else "min_by"
    ranked = exp.Case(ifs=[exp.If(this=condition, true=by)])
    call = exp.Anonymous(this=name, expressions=[value, ranked])
    return call if over is None else over(call)


def _spark(sql: str, x: exp.Expr | None = None, **parts: exp.Expr) -> exp.Expr:
    """Return the tree of Spark's `sql`, ours, with expressions in the place of names."""
    import sqlglot

    named = {**parts, **({"x": x} if x is not None else {})}
    tree = sqlglot.parse_one(sql, dialect="spark")

    def put(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and node.name in named:
            return exp.Paren(this=named[node.name].copy())
        return node

    return tree.transform(put)


__all__ = ["UNORDERED", "aggregate"]

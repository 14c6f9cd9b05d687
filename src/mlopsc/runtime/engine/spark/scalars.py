"""Expressions over one row: in Spark's words where they mean the same, else as functions that DuckDB computes."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sqlglot import exp

from mlopsc.runtime.engine.spark.types import (
    FLOATS,
    SIGNED,
    fields,
    is_decimal,
    is_number,
    same_order,
    to_spark,
)
from mlopsc.runtime.engine.spark.types import storage as storage_of
from mlopsc.runtime.engine.spark.world import Untranslatable, World
from mlopsc.runtime.engine.statement import text

Rewrite = Callable[[exp.Expr], exp.Expr]

_COMPARED = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ)
_PLAIN = (exp.And, exp.Or, exp.Not, exp.Paren, exp.Is, exp.Boolean, exp.Null, exp.Column, exp.Tuple)
_WIDER = {kind: SIGNED[i:] for i, kind in enumerate(SIGNED)}
_NOT_OF_A_ROW = (exp.AggFunc, exp.Window, exp.Filter, exp.Query, exp.Subquery, exp.Exists)


def scalar(node: exp.Expr, rewrite: Rewrite, world: World) -> exp.Expr:
    """Return an expression of Spark's; `rewrite` does the same for its parts."""
    return _native(node, rewrite, world) or _foreign(node, rewrite, world)


def rebuilt(node: exp.Expr, rewrite: Rewrite) -> exp.Expr:
    """Return the same node with rewritten parts."""

    def part(value: Any) -> Any:
        if isinstance(value, list):
            return [part(item) for item in value]
        return rewrite(value) if isinstance(value, exp.Expr) else value

    return type(node)(**{key: part(value) for key, value in node.args.items()})


def _native(node: exp.Expr, rewrite: Rewrite, world: World) -> exp.Expr | None:
    match node:
        case _ if isinstance(node, _PLAIN):
            return rebuilt(node, rewrite)
        case exp.Literal() if not node.is_string and "e" in node.name.lower():
            return constant(node, "DOUBLE", world)
        case exp.Literal():
            return node.copy()
        case exp.In() if node.args.get("query") is not None:
            return rebuilt(node, rewrite)
        case exp.In() if not node.args.get("unnest") and node.expressions:
            return _compared(node, [node.this, *node.expressions], rewrite, world)
        case exp.Between():
            return _compared(node, [node.this, node.args["low"], node.args["high"]], rewrite, world)
        case _ if isinstance(node, _COMPARED):
            return _compared(node, [node.this, node.expression], rewrite, world)
        case exp.Case():
            branches = [one.args["true"] for one in node.args["ifs"]]
            default = node.args.get("default")
            if node.this is None and _uniform([*branches, *([default] if default else [])], world):
                return exp.Case(
                    ifs=[
                        exp.If(this=rewrite(one.this), true=rewrite(one.args["true"]))
                        for one in node.args["ifs"]
                    ],
                    default=rewrite(default) if default is not None else None,
                )
        case exp.Coalesce() | exp.Greatest() | exp.Least():
            values = [node.this, *node.expressions]
            if _uniform(values, world):
                name = type(node).__name__.lower()
                return exp.Anonymous(this=name, expressions=[rewrite(value) for value in values])
        case exp.Add() | exp.Sub() | exp.Mul():
            if _adds(world.type_of(node.this), world.type_of(node.expression)):
                return rebuilt(node, rewrite)
        case exp.Neg():
            if isinstance(node.this, exp.Literal) or world.type_of(node.this) in (*SIGNED, *FLOATS):
                return rebuilt(node, rewrite)
        case exp.Cast() if not isinstance(node, exp.TryCast):
            return _cast(node, rewrite, world)
        case exp.Anonymous() if node.this.lower() == "epoch_us":
            if world.type_of(node.expressions[0]) == "TIMESTAMP WITH TIME ZONE":
                return exp.Anonymous(this="unix_micros", expressions=[rewrite(node.expressions[0])])
        case exp.Try():
            return rewrite(node.this)
        case exp.IsNan():
            if world.type_of(node.this) in FLOATS:
                value = rewrite(node.this)
                known = exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null()))
                asked = exp.Anonymous(this="isnan", expressions=[value])
                return exp.Case(ifs=[exp.If(this=known, true=asked)])
        case exp.Abs():
            if world.type_of(node.this) == "DOUBLE":
                return exp.Anonymous(this="abs", expressions=[rewrite(node.this)])
        case exp.Length():
            if world.type_of(node.this) == "VARCHAR":
                return exp.Anonymous(this="char_length", expressions=[rewrite(node.this)])
        case exp.Struct():
            return _struct(node, rewrite)
    return None


def _compared(node: exp.Expr, sides: list[exp.Expr], rewrite: Rewrite, world: World) -> exp.Expr | None:
    kinds = {id(side): world.type_of(side) for side in sides}
    other = [kind for side, kind in zip(sides, kinds.values(), strict=True) if not _is_text(side)]
    if other and other[0] != "VARCHAR" and any(map(_is_text, sides)):
        # A text beside a date is a date.
        kind = other[0]

        def read(side: exp.Expr) -> exp.Expr:
            if not _is_text(side):
                return rewrite(side)
            return constant(exp.cast(side.copy(), kind, dialect="duckdb"), kind, world)

        if all(same_order(kind, found) for found in other):
            places = {id(side): read(side) for side in sides}
            return rebuilt(node, lambda part: places.get(id(part)) or rewrite(part))
        return None
    first = next(iter(kinds.values()))
    return rebuilt(node, rewrite) if all(same_order(first, kind) for kind in kinds.values()) else None


def _is_text(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and bool(node.is_string)


def _uniform(values: list[exp.Expr], world: World) -> bool:
    kinds = {world.type_of(value) for value in values if not isinstance(value, exp.Null)}
    return len(kinds - {'"NULL"'}) <= 1


def _adds(a: str, b: str) -> bool:
    if "DOUBLE" in (a, b):
        return is_number(a) and is_number(b)
    return a in SIGNED and b in SIGNED


def _cast(node: exp.Cast, rewrite: Rewrite, world: World) -> exp.Expr | None:
    have, want = world.type_of(node.this), world.type_of(node)
    safe = (
        have == want
        or (want == "DOUBLE" and is_number(have))
        or want in _WIDER.get(have, ())
        or (want == "HUGEINT" and have in SIGNED)
        or (want == "TIMESTAMP WITH TIME ZONE" and have == "DATE")
    )
    if not safe or isinstance(node.this, exp.Literal):
        return None
    value = rewrite(node.this)
    return value if have == want else spark_cast(value, to_spark(want))


def _struct(node: exp.Struct, rewrite: Rewrite) -> exp.Expr | None:
    parts: list[exp.Expr] = []
    for pair in node.expressions:
        if not isinstance(pair, exp.PropertyEQ):
            return None
        parts += [exp.Literal.string(pair.this.name), rewrite(pair.expression)]
    return exp.Anonymous(this="named_struct", expressions=parts)


def spark_cast(value: exp.Expr, kind: str) -> exp.Expr:
    """Return a cast to one of Spark's types."""
    if kind.startswith("time("):  # sqlglot takes it for a timestamp
        return exp.Anonymous(this="to_time", expressions=[value])
    return exp.Cast(this=value, to=exp.DataType.build(kind, dialect="spark"))


def _foreign(node: exp.Expr, rewrite: Rewrite, world: World) -> exp.Expr:
    """Make a function of an expression's columns, aggregates and subqueries."""
    if node.find(exp.Star, exp.Columns):
        raise Untranslatable(f"{text(node)}", help="list the columns by name")
    leaves: dict[str, exp.Expr] = {}
    for leaf in _leaves(node):
        leaves.setdefault(text(leaf), leaf)
    kind = world.type_of(node)
    if not leaves:
        return constant(node, kind, world)
    names = {name: f"a{i}" for i, name in enumerate(leaves)}
    inner = node.copy().transform(
        lambda part: exp.column(names[text(part)]) if _is_leaf(part) else part, copy=False
    )
    name = world.function(text(inner), [world.type_of(leaf) for leaf in leaves.values()], kind)
    return exp.Anonymous(this=name, expressions=[rewrite(leaf) for leaf in leaves.values()])


def _is_leaf(node: exp.Expr) -> bool:
    return isinstance(node, (exp.Column, *_NOT_OF_A_ROW)) or (
        isinstance(node, exp.In) and node.args.get("query") is not None
    )


def _leaves(node: exp.Expr) -> Iterator[exp.Expr]:
    for part in node.walk(prune=_is_leaf):
        if _is_leaf(part):
            yield part


def constant(node: exp.Expr, kind: str, world: World) -> exp.Expr:
    """Return the value of an expression without columns as a literal of Spark's."""
    return _literal(world.constant(node, storage_of(kind)), kind, node)


def _literal(value: Any, kind: str, node: exp.Expr) -> exp.Expr:
    spark = to_spark(kind)
    match value:
        case None:
            return spark_cast(exp.null(), spark)
        case bool():
            return exp.Boolean(this=value)
        case str() if spark == "string":
            return exp.Literal.string(value)
        case bytes():
            return exp.Anonymous(this="unhex", expressions=[exp.Literal.string(value.hex())])
        case float() | int() | Decimal() if is_number(kind):
            return spark_cast(exp.Literal.string(_number(value)), spark)
        case datetime():
            return spark_cast(exp.Literal.string(value.isoformat(sep=" ")), spark)
        case date() | time():
            return spark_cast(exp.Literal.string(value.isoformat()), spark)
        case list() if kind.endswith("[]"):
            items = [_literal(item, kind[:-2], node) for item in value]
            return spark_cast(exp.Anonymous(this="array", expressions=items), spark)
        case dict() if kind.startswith("STRUCT("):
            parts: list[exp.Expr] = []
            for name, member in fields(kind):
                parts += [exp.Literal.string(name), _literal(value[name], member, node)]
            return exp.Anonymous(this="named_struct", expressions=parts)
        case _:
            raise Untranslatable(f"the constant {text(node)}")


def _number(value: float | Decimal) -> str:
    if isinstance(value, float):
        return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}.get(repr(value), repr(value))
    return format(value, "f") if isinstance(value, Decimal) else str(value)


__all__ = ["constant", "is_decimal", "rebuilt", "scalar", "spark_cast"]

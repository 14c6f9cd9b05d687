"""A SELECT of DuckDB's dialect as one of Spark's: clauses stay, tables become views, expressions are rewritten."""

from typing import Any

from sqlglot import exp

from mlopsc.runtime.engine.spark.aggregates import aggregate
from mlopsc.runtime.engine.spark.asof import asof_join
from mlopsc.runtime.engine.spark.numbering import numbered_rows
from mlopsc.runtime.engine.spark.scalars import rebuilt, scalar
from mlopsc.runtime.engine.spark.world import Untranslatable, World
from mlopsc.runtime.engine.statement import text

_CLAUSES = (
    exp.Alias, exp.CTE, exp.With, exp.From, exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.Limit,
    exp.Offset, exp.Subquery, exp.TableAlias, exp.Identifier, exp.Distinct, exp.SetOperation, exp.Values, exp.Exists,
    exp.Qualify, exp.Interval, exp.Var, exp.Rollup, exp.Cube, exp.GroupingSets, exp.Grouping,
)  # fmt: skip
_RANKS = (
    exp.RowNumber, exp.Rank, exp.DenseRank, exp.PercentRank, exp.CumeDist, exp.Ntile, exp.Lag, exp.Lead, exp.FirstValue,
    exp.LastValue, exp.NthValue,
)  # fmt: skip
_ORDERED = (exp.RowNumber, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue, exp.Ntile)


class Translator:
    """Rewrites one statement, whose tree it leaves as it is."""

    def __init__(self, world: World) -> None:
        self._world = world

    def rewrite(self, node: exp.Expr) -> exp.Expr:
        """Return a node and what is in it for Spark; raises MlopscError where Spark has nothing of that meaning."""
        match node:
            case exp.Select():
                return self._select(node)
            case exp.Table():
                return self._table(node)
            case exp.Window():
                return self._window(node)
            case exp.Filter():
                return aggregate(node.this, node.expression.this, self.rewrite, self._world)
            case exp.IgnoreNulls() | exp.RespectNulls():
                return aggregate(node.this, None, self.rewrite, self._world)
            case exp.AggFunc() if not isinstance(node, _RANKS):
                return aggregate(node, None, self.rewrite, self._world)
            case exp.Star() | exp.Column(this=exp.Star()):
                return self._star(node)
            case exp.UDTF() | exp.Explode() | exp.Posexplode() | exp.Pivot() | exp.TableSample() if (
                not isinstance(node, exp.Values)
            ):
                raise Untranslatable(f"{text(node)}", help="compute it in a `python:` view")
            case _ if isinstance(node, _CLAUSES):
                return rebuilt(node, self.rewrite)
            case _:
                return scalar(node, self.rewrite, self._world)

    def _select(self, node: exp.Select) -> exp.Expr:
        if node.args.get("limit") is not None and node.args.get("order") is None:
            raise Untranslatable("LIMIT without ORDER BY", help="say by ORDER BY which rows are the first")
        if (numbered := numbered_rows(node)) is not None:
            node = numbered
        expressions: list[exp.Expr] = []
        for item in node.expressions:
            expressions += self._replaced(node, item) if _replaces(item) else [self.rewrite(item)]
        joins = node.args.get("joins") or []
        args: dict[str, Any] = {}
        for key, value in node.args.items():
            if key in ("expressions", "joins"):
                continue
            args[key] = [self.rewrite(one) for one in value] if isinstance(value, list) else (
                self.rewrite(value) if isinstance(value, exp.Expr) else value
            )  # fmt: skip
        made = exp.Select(expressions=expressions, **args)
        if any(join.args.get("method") == "ASOF" for join in joins):
            return self._asof(node, made, joins)
        if joins:
            made.set("joins", [self._join(join) for join in joins])
        return made

    def _join(self, join: exp.Join) -> exp.Expr:
        if join.args.get("method") not in (None, "", "NATURAL"):
            raise Untranslatable(f"a {join.args['method'].lower()} join")
        return rebuilt(join, self.rewrite)

    def _asof(self, node: exp.Select, made: exp.Select, joins: list[exp.Join]) -> exp.Expr:
        if len(joins) != 1 or joins[0].args.get("using"):
            raise Untranslatable("an ASOF join beside other joins, or with USING")
        join, first = joins[0], node.args["from_"].this
        names = (first.alias_or_name, join.this.alias_or_name)
        joined = asof_join(
            made.args["from_"].this,
            self.rewrite(join.this),
            names,
            join.args["on"],
            self.rewrite,
            outer=join.side == "LEFT",
        )
        made.set("from_", exp.From(this=joined))
        return made

    def _table(self, node: exp.Table) -> exp.Expr:
        if node.args.get("pivots") or node.args.get("joins"):
            raise Untranslatable(text(node))
        alias = self.rewrite(node.args["alias"]) if node.args.get("alias") else None
        match node.this:
            case exp.Identifier():
                return exp.Table(this=node.this.copy(), alias=alias)
            case exp.ReadParquet() as read:
                array, *options = read.expressions
                rows = any(option.this.name == "file_row_number" for option in options)
                paths = [
                    item.name for item in (array.expressions if isinstance(array, exp.Array) else [array])
                ]
                view = exp.to_identifier(self._world.files(paths, rows=rows), quoted=True)
                return exp.Table(this=view, alias=alias)
            case other:
                raise Untranslatable(f"rows of {text(other)}", help="compute them in a `python:` view")

    def _star(self, node: exp.Expr) -> exp.Expr:
        return node.copy()

    def _replaced(self, select: exp.Select, star: exp.Star) -> list[exp.Expr]:
        """List the columns of `* REPLACE (…)`, which Spark does not have."""
        told = {item.alias.lower(): item.this for item in star.args["replace"]}
        left_out = {item.name.lower() for item in star.args.get("except_") or ()}
        return [
            exp.alias_(self.rewrite(told[name.lower()]), exp.to_identifier(name, quoted=True))
            if name.lower() in told
            else exp.column(exp.to_identifier(name, quoted=True))
            for name in self._world.columns_of(select)
            if name.lower() not in left_out
        ]

    def _window(self, node: exp.Window) -> exp.Expr:
        what: exp.Expr = node.this
        condition, ignoring = None, None
        if isinstance(what, exp.Filter):
            what, condition = what.this, what.expression.this
        if isinstance(what, exp.IgnoreNulls | exp.RespectNulls):
            ignoring, what = type(what), what.this
        if (spec := node.args.get("spec")) is not None and spec.args.get("exclude"):
            raise Untranslatable("a window with EXCLUDE")
        around = {key: value for key, value in node.args.items() if key != "this"}
        # An alias stands for a window of the WINDOW clause, which is not looked into here.
        if isinstance(what, _ORDERED) and not node.args.get("order") and not node.args.get("alias"):
            raise Untranslatable(
                f"{text(node)} without ORDER BY", help="say by which columns rows are in order"
            )

        def over(call: exp.Expr) -> exp.Expr:
            shell = exp.Window(this=call)
            for key, value in around.items():
                shell.set(
                    key,
                    [self.rewrite(one) for one in value]
                    if isinstance(value, list)
                    else self._frame(value)
                    if isinstance(value, exp.WindowSpec)
                    else self.rewrite(value)
                    if isinstance(value, exp.Expr)
                    else value,
                )
            return shell

        if isinstance(what, exp.Identifier):  # a window of the WINDOW clause
            return over(what.copy())
        if isinstance(what, _RANKS):
            if condition is not None:
                raise Untranslatable(f"{text(node)}")
            call = rebuilt(what, self.rewrite)
            return over(call if ignoring is None else ignoring(this=call))
        return aggregate(what, condition, self.rewrite, self._world, over)

    def _frame(self, spec: exp.WindowSpec) -> exp.Expr:
        return spec.copy()


def _replaces(item: exp.Expr) -> bool:
    return isinstance(item, exp.Star) and bool(item.args.get("replace"))

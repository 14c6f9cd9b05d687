"""What aggregates over windows are made of: values of rows, functions of these over a window, and results.

Nulls and NaN are skipped; of no values a count is 0 and all else null. Sums and deviations of floats do not
depend on the order of rows. Sums are exact: a float is a whole number of a small unit, which is chosen so that the
greatest of its column has 96 bits; where the least has digits below the unit, these are summed apart.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlglot import exp

from mlopsc.runtime import spread
from mlopsc.runtime.engine.statement import column, fragment, nan_as_null, select, text
from mlopsc.vocabulary.aggregates import Aggregate, Ratio

if TYPE_CHECKING:
    import duckdb

RANK = "__rank"
"""The column of the rows that tells their order; only `first` and `last` need it."""
_BITS = 96
_DIGITS = 53
_FLOATS = ("FLOAT", "DOUBLE")
_ONE = exp.Literal.number(1)


@dataclass(frozen=True)
class Unit:
    """The unit, `2**-shift`, that a column of floats is counted in."""

    shift: int = 0
    deep: bool = False
    """Whether the column holds digits below the unit."""
    infinite: bool = False


@dataclass(frozen=True)
class Piece:
    """A function of values over a window: `function` is SQL with the value as `$x` and its rank as `$r`."""

    function: str
    value: str
    """Name of the value; see `Recipe.values`."""
    window: timedelta
    quantile: float | None = None

    @property
    def ranked(self) -> bool:
        """Whether the rows' order matters."""
        return "$r" in self.function

    def over(self, value: exp.Expr, rank: exp.Expr) -> exp.Expr:
        """Return the function of a value."""
        parts: dict[str, object] = {"x": value, "r": rank, "q": self.quantile}
        return fragment(
            self.function, **{name: part for name, part in parts.items() if f"${name}" in self.function}
        )


@dataclass
class Recipe:
    """Each value and each piece once, however many aggregates need it; results are expressions over the pieces."""

    wide: bool
    """Whether deviations are reckoned in whole numbers."""
    values: dict[str, exp.Expr] = field(default_factory=dict)
    """Name → expression over a row."""
    pieces: dict[str, Piece] = field(default_factory=dict)
    steps: dict[str, exp.Expr] = field(default_factory=dict)
    """Name → expression over the pieces and the steps before it, that results need."""
    results: dict[str, exp.Expr] = field(default_factory=dict)

    def piece(
        self, function: str, value: exp.Expr, window: timedelta, quantile: float | None = None
    ) -> exp.Expr:
        """Return the column that holds a function of a value over a window."""
        wanted = Piece(function, _once(self.values, "__v", value), window, quantile)
        for known, piece in self.pieces.items():
            if piece == wanted:
                return column(known)
        self.pieces[f"__p{len(self.pieces)}"] = wanted
        return column(f"__p{len(self.pieces) - 1}")

    def step(self, value: exp.Expr) -> exp.Expr:
        """Return the column that holds an expression over pieces and steps."""
        return column(_once(self.steps, "__s", value))


def _once(known: dict[str, exp.Expr], prefix: str, value: exp.Expr) -> str:
    """Return the name that an expression has, or now gets."""
    written = text(value)
    name = next((name for name, other in known.items() if text(other) == written), None)
    if name is None:
        name = f"{prefix}{len(known)}"
        known[name] = value
    return name


def recipe(
    aggregates: Iterable[Aggregate],
    ratios: Iterable[Ratio],
    types: Mapping[str, str],
    units: Mapping[str, Unit],
    conditions: Mapping[str, str],
    *,
    wide: bool,
) -> Recipe:
    """Return what makes the aggregates of columns of DuckDB's `types`; `conditions` names the column of each.

    `units` are those of `summed_columns`. `wide` says whether the engine has integers of 127 bits, in which deviations
    are reckoned; else they are left to its own function.
    """
    made = Recipe(wide)
    for one in aggregates:
        kind = types[one.column] if one.column is not None else ""
        made.results[one.name] = _result(
            made, one, kind, units.get(one.column or ""), conditions.get(one.where or "")
        )
    for ratio in ratios:
        made.results[ratio.name] = fragment(
            "case when $b <> 0 then cast($a as double) / cast($b as double) end",
            a=made.results[ratio.numerator],
            b=made.results[ratio.denominator],
        )
    return made


def summed_columns(aggregates: Iterable[Aggregate], types: Mapping[str, str], *, wide: bool) -> list[str]:
    """Return the columns whose units must be measured; `wide` says whether deviations are sums of whole numbers."""

    def counted(one: Aggregate, kind: str) -> bool:
        if one.function == "stddev":
            return wide or kind in _FLOATS
        return one.function in ("sum", "mean") and kind in _FLOATS

    summed = [one.column for one in aggregates if one.column and counted(one, types[one.column])]
    return list(dict.fromkeys(summed))


def measured(
    connection: "duckdb.DuckDBPyConnection", table: exp.Expr, columns: Iterable[str]
) -> dict[str, Unit]:
    """Return the units of a table's columns, as doubles; one pass."""
    names = list(columns)
    if not names:
        return {}
    asked = []
    for name in names:
        value = fragment("cast($x as double)", x=column(name))
        asked += [
            fragment("max(abs($x)) filter (where isfinite($x) and $x <> 0)", x=value),
            fragment("min(abs($x)) filter (where isfinite($x) and $x <> 0)", x=value),
            fragment("coalesce(bool_or(isinf($x)), false)", x=value),
        ]
    row = connection.execute(text(select(*asked, source=table))).fetchall()[0]
    found = zip(names, row[::3], row[1::3], row[2::3], strict=True)
    return {name: _unit(peak, least, infinite) for name, peak, least, infinite in found}


def _unit(peak: float | None, least: float | None, infinite: bool) -> Unit:
    if peak is None or least is None:
        return Unit(infinite=infinite)
    shift = _BITS - math.frexp(peak)[1]
    return Unit(shift, deep=shift < _DIGITS - math.frexp(least)[1], infinite=infinite)


def _result(made: Recipe, one: Aggregate, kind: str, unit: Unit | None, condition: str | None) -> exp.Expr:
    """Return an aggregate as an expression over pieces, which are added to the recipe."""

    def over(function: str, value: exp.Expr, quantile: float | None = None) -> exp.Expr:
        if condition is not None:
            value = fragment("case when $c then $x end", c=column(condition), x=value)
        return made.piece(function, value, one.window, quantile)

    if one.column is None:
        return over("count($x)", _ONE)
    value = _value(column(one.column), kind)
    number = fragment("cast($x as integer)", x=value) if kind == "BOOLEAN" else value
    double = fragment("cast($x as double)", x=number)
    match one.function:
        case "count":
            return over("count($x)", value)
        case "count_distinct":
            return over("count(distinct $x)", value)
        case "min" | "max":
            return over(f"{one.function}($x)", value)
        case "first":
            return over("arg_min($x, $r)", value)
        case "last":
            return over("arg_max($x, $r)", value)
        case "quantile":
            return over("quantile_cont($x, $q)", double, one.quantile)
        case "stddev":
            return _deviation(made, over, double, unit)
        case "sum" | "mean":
            if kind in _FLOATS:
                total = _sum_of_floats(over, double, unit or Unit())
            elif one.function == "sum" and not kind.startswith("DECIMAL"):
                return fragment("cast($x as bigint)", x=over("sum($x)", number))
            else:
                total = over("sum($x)", number)
            if one.function == "sum":
                return total
            return fragment("cast($x as double) / $n", x=total, n=over("count($x)", value))


def _value(value: exp.Expr, kind: str) -> exp.Expr:
    return nan_as_null(value) if kind in _FLOATS else value


def _sum_of_floats(over: Callable[[str, exp.Expr], exp.Expr], value: exp.Expr, unit: Unit) -> exp.Expr:
    scaled = _scaled(value, unit.shift)
    if unit.infinite:
        scaled = fragment("case when isfinite($x) then $s end", x=value, s=scaled)
    total = _whole(over, fragment("trunc($s)", s=scaled) if unit.deep else scaled)
    if unit.deep:
        rest = _whole(over, fragment("($s - trunc($s)) * $unit", s=scaled, unit=2.0**_BITS))
        total = fragment("$total + $rest * $unit", total=total, rest=rest, unit=2.0**-_BITS)
    total = _scaled(total, -unit.shift)
    if not unit.infinite:
        return total
    endless = fragment("case when isinf($x) then $x end", x=value)
    high, low = over("max($x)", endless), over("min($x)", endless)
    return fragment("case when $high is null then $s else $high + $low end", high=high, low=low, s=total)


def _deviation(
    made: Recipe, over: Callable[[str, exp.Expr], exp.Expr], value: exp.Expr, unit: Unit | None
) -> exp.Expr:
    if unit is not None and not unit.infinite:
        return _deviation_of(made, over, value, unit)
    finite = _deviation_of(made, over, fragment("case when isfinite($x) then $x end", x=value), unit)
    any_infinite = over("count($x)", fragment("case when isinf($x) then 1 end", x=value))
    return fragment("case when $n > 0 then cast('nan' as double) else $s end", n=any_infinite, s=finite)


def _deviation_of(
    made: Recipe, over: Callable[[str, exp.Expr], exp.Expr], value: exp.Expr, unit: Unit | None
) -> exp.Expr:
    """Return the deviation of finite values."""
    if unit is None or not made.wide:
        return over("stddev_samp($x)", value)
    shift = unit.shift - _BITS + spread.BITS
    return _scaled(spread.spread(over, value, _scaled(value, shift), made.step), -shift)


def _whole(over: Callable[[str, exp.Expr], exp.Expr], value: exp.Expr) -> exp.Expr:
    """Return the sum of whole numbers, as a double."""
    return fragment("cast($x as double)", x=over("sum($x)", fragment("cast($x as hugeint)", x=value)))


def _scaled(value: exp.Expr, shift: int) -> exp.Expr:
    """Return a double times `2**shift`, by two factors, for one may be beyond the range of doubles."""
    half = shift // 2
    if abs(shift) < 1000:
        return fragment("$x * $a", x=value, a=2.0**shift)
    return fragment("$x * $a * $b", x=value, a=2.0**half, b=2.0 ** (shift - half))

"""The standard deviation of a sample in whole numbers, so that no order or partition of the rows changes a bit of it.

A value is a whole number of a unit, 92 bits long for the greatest of its column, in two limbs of 46 bits: x = h·B + l.
The sums of h, l, h², h·l and l² are exact in integers of 127 bits for up to 2**30 rows. Around a whole mean, which is
u·B + v, the sum of squares is A·B² + 2·C·B + D, with A, C and D the sums of (h - u)², (h - u)·(l - v) and (l - v)².
These terms can cancel each other only when they are small enough to be added as integers; else they are added as
doubles.
"""

from collections.abc import Callable

from sqlglot import exp

from mlopsc.runtime.engine.statement import fragment

BITS = 92
"""How many bits the greatest value has."""
_LIMB = 2 ** (BITS // 2)
_SMALL = 2**78

Over = Callable[[str, exp.Expr], exp.Expr]
"""Makes a function of a value over the window."""

_STEPS = {
    "total": "$h * $limb + $l",
    "mean": "$total // $n",
    "high": "$mean // $limb",
    "low": "$mean - $high * $limb",
    "a": "$hh - $high * (2 * $h - $n * $high)",
    "c": "$hl - $high * $l - $low * ($h - $n * $high)",
    "d": "$ll - $low * (2 * $l - $n * $low)",
    "upper": f"case when abs($a) < {_SMALL} then $a * $limb + 2 * $c end",
    "rest": "cast($total - $mean * $n as double)",
    "squares": f"case when abs($upper) < {_SMALL} then cast($upper * $limb + $d as double) "
    "when $upper is not null then cast($upper as double) * $limb + cast($d as double) "
    "else (cast($a as double) * $limb + 2 * cast($c as double)) * $limb + cast($d as double) end",
    "spread": "case when $n > 1 then sqrt(greatest($squares - $rest * $rest / $n, 0) / ($n - 1)) end",
}


def spread(over: Over, value: exp.Expr, scaled: exp.Expr, named: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
    """Return the deviation in units, of values that `scaled` counts in units; nulls do not count.

    `named` gives an expression a name, and returns the column that others can use.
    """
    whole = fragment("trunc($s)", s=scaled)
    high = fragment("cast(floor($s / $limb) as bigint)", s=whole, limb=float(_LIMB))
    low = fragment("cast($s - floor($s / $limb) * $limb as bigint)", s=whole, limb=float(_LIMB))
    parts: dict[str, exp.Expr] = {
        "n": fragment("cast($n as hugeint)", n=over("count($x)", value)),
        "h": over("sum($x)", high),
        "l": over("sum($x)", low),
        **{
            name: over("sum($x)", fragment("cast($a as hugeint) * $b", a=a, b=b))
            for name, a, b in (("hh", high, high), ("hl", high, low), ("ll", low, low))
        },
    }
    for name, sql in _STEPS.items():
        parts[name] = named(fragment(sql, limb=_LIMB, **parts))
    return parts["spread"]

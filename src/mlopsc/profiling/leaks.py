"""Leakage: columns that give the label away, alone or added up, and so cannot be known before it."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mlopsc.profiling.columns import ColumnProfile
from mlopsc.profiling.table import Table
from mlopsc.runtime.engine.statement import column, fragment, identifier, named, select
from mlopsc.vocabulary.columns import is_numeric

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

DETERMINED = 0.98
"""Share of what is to be learnt about a class that a column tells alone, from which on it is taken for a leak."""
EXPLAINED = 0.995
"""Share of a number's variance, likewise."""
_BINS, _BIN, _GROUP = 64, 20, 5
"""Most bins of a number, the fewest rows of a bin, and of a value on average: smaller groups are pure by chance."""
_FITTED, _SUMMANDS, _EXACT = 5_000, 4, 1e-6


@dataclass(frozen=True)
class Leak:
    """Columns that together give the label away, and how."""

    columns: tuple[str, ...]
    reason: str


def find_leaks(
    table: Table, columns: Mapping[str, ColumnProfile], label: str, *, classes: bool
) -> list[Leak]:
    """Return what gives the label away, looked for in a sample of the table.

    `classes` says whether the label is a class, else it is a number. A column that is filled exactly where the label
    has one value counts too.
    """
    some = table.sample()
    others = [one for one in columns.values() if one.name != label and one.filled]
    leaks = []
    for one in others:
        share = _share_told(some, one, label, classes=classes)
        if share >= (DETERMINED if classes else EXPLAINED):
            leaks.append(Leak((one.name,), _alone(label, share)))
    alone = {name for leak in leaks for name in leak.columns}
    if not classes:
        rest = [one for one in others if one.name not in alone and is_numeric(one.type) and not one.infinite]
        leaks += _combined(some, rest, label)
    return leaks


def _alone(label: str, share: float) -> str:
    told = "all" if share > 1 - _EXACT else f"{100 * min(share, 0.999):.3g} %"
    return f"tells {told} of {label} by itself: it must be made of it, or come later"


def _share_told(table: Table, one: ColumnProfile, label: str, *, classes: bool) -> float:
    """Return the share of the label that groups of a column's values tell; 0 where groups are too small to say."""
    value: exp.Expr = column(one.name)
    group: exp.Expr
    labelled = fragment("$y is not null", y=column(label))
    if one.values is not None and len(one.values) * _GROUP <= table.rows:
        group = value
    elif (is_numeric(one.type) or one.type in ("date", "timestamp")) and table.rows >= 4 * _BIN:
        bins = min(_BINS, table.rows // _BIN)
        group = fragment("case when $x is not null then ntile($n) over (order by $x) end", x=value, n=bins)
    elif one.nulls:
        group = fragment("$x is null", x=value)
    else:
        return 0.0
    rows = select(named(group, "g"), named(column(label), "y"), source=exp.table_(identifier(table.name)))
    return (
        _told_classes(table, rows.where(labelled)) if classes else _told_number(table, rows.where(labelled))
    )


def _told_classes(table: Table, rows: exp.Query) -> float:
    counted = fragment("select g, y, count(*) as n from $t as t group by all", t=rows)
    most = fragment("select g, max(n) as most, sum(n) as n from $t as t group by g", t=counted)
    base = fragment("select max(n) from (select sum(n) as n from $t as t group by y) as u", t=counted)
    told = table.query(fragment("select sum(most), sum(n), ($base) from $t as t", t=most, base=base))[0]
    right, total, majority = (float(value or 0) for value in told)
    return (right - majority) / (total - majority) if total > majority else 0.0


def _told_number(table: Table, rows: exp.Query) -> float:
    means = fragment("select g, count(*) as n, var_pop(y) as v, avg(y) as m from $t as t group by g", t=rows)
    within, total = table.query(
        fragment("select sum(n * v) / sum(n), ($all) from $t as t", t=means, all=_variance(rows))
    )[0]
    return 1 - within / total if total else 0.0


def _variance(rows: exp.Query) -> exp.Expr:
    return fragment("select var_pop(y) from $t as u", t=rows)


def _combined(table: Table, columns: Sequence[ColumnProfile], label: str) -> Iterator[Leak]:
    """Yield the columns that add up to the label, or whose product it is."""
    usable = [one.name for one in columns if one.null_share < 0.2 and one.distinct > 1]
    if len(usable) < 2:
        return
    import numpy as np

    numbers = [fragment("cast($x as double)", x=column(name)) for name in (*usable, label)]
    query = select(*numbers, source=exp.table_(identifier(table.name)))
    for name in (*usable, label):
        query = query.where(fragment("$x is not null", x=column(name)))
    row = exp.func("row", *(column(name) for name in table.types))
    query = query.order_by(fragment("hash($r)", r=row)).limit(_FITTED)
    matrix = np.array(table.query(query), dtype=np.float64).reshape(-1, len(usable) + 1)
    if len(matrix) < 10 * len(usable) or not np.isfinite(matrix).all():
        return
    x, y = matrix[:, :-1], matrix[:, -1]
    if found := _summands(x, y):
        yield _sum(label, [usable[index] for index in found], x[:, found], y)
    elif (y > 0).all():
        positive = [index for index in range(len(usable)) if (x[:, index] > 0).all()]
        if len(positive) > 1 and (found := _summands(np.log(x[:, positive]), np.log(y))):
            names = [usable[positive[index]] for index in found]
            yield Leak(
                tuple(names), f"{_listed(names)} multiplied or divided give {label}: not known before it"
            )


def _summands(x: "npt.NDArray[np.float64]", y: "npt.NDArray[np.float64]") -> list[int]:
    """Return the columns of x of which y is a weighted sum, without those that it does not need; [] for none."""
    chosen = list(range(x.shape[1]))
    if _unexplained(x[:, chosen], y) > _EXACT:
        return []
    for index in range(x.shape[1]):
        fewer = [other for other in chosen if other != index]
        if fewer and _unexplained(x[:, fewer], y) <= _EXACT:
            chosen = fewer
    return chosen if 1 < len(chosen) <= _SUMMANDS else []


def _fit(x: "npt.NDArray[np.float64]", y: "npt.NDArray[np.float64]") -> "npt.NDArray[np.float64]":
    """Return intercept and weights of the least squares."""
    import numpy as np

    design = np.column_stack([np.ones(len(x)), x])
    scale = np.maximum(np.abs(design).max(axis=0), 1e-300)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        weights: npt.NDArray[np.float64] = np.linalg.lstsq(design / scale, y, rcond=None)[0] / scale
    return weights


def _unexplained(x: "npt.NDArray[np.float64]", y: "npt.NDArray[np.float64]") -> float:
    weights = _fit(x, y)
    total = float(y.var())
    return float((y - weights[0] - x @ weights[1:]).var()) / total if total else 1.0


def _sum(label: str, names: Sequence[str], x: Any, y: Any) -> Leak:
    import numpy as np

    intercept, *weights = _fit(x, y).tolist()
    plain = np.allclose(np.abs(weights), 1, atol=1e-4) and abs(intercept) <= 1e-4 * max(
        1.0, float(np.abs(y).max())
    )
    if not plain:
        return Leak(
            tuple(names), f"{label} is a weighted sum of {_listed(names)}, which are not known before it"
        )
    terms = "".join(
        f" {'+' if weight > 0 else '-'} {name}"
        for weight, name in sorted(zip(weights, names, strict=True), key=lambda t: t[0] < 0)
    )
    return Leak(tuple(names), f"{terms.removeprefix(' + ').strip()} = {label}: not known before it")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + f" and {names[-1]}"

"""Leakage: columns that give the label away, alone or added up, and so cannot be known before it."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mlopsc.profiling.columns import ColumnProfile
from mlopsc.profiling.table import Table
from mlopsc.runtime.engine.statement import column, fragment, identifier, select, text
from mlopsc.vocabulary.columns import is_numeric
from mlopsc.vocabulary.leakage import Leakage

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from mlopsc.runtime.leakage import Told

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

    `classes` says whether the label is a class, else it is a number. A column alone counts from the limits on that a
    training has by default; one that is filled exactly where the label has one value counts too.
    """
    some = table.sample()
    others = [one for one in columns.values() if one.name != label and one.filled]
    rules = Leakage()
    limit = rules.max_auc if classes else rules.max_r2
    leaks = [
        Leak((name,), _alone(label, best.score, classes=classes))
        for name, best in _told(some, [one.name for one in others], label, classes=classes)
        if best.score >= limit
    ]
    alone = {name for leak in leaks for name in leak.columns}
    if not classes:
        rest = [one for one in others if one.name not in alone and is_numeric(one.type) and not one.infinite]
        leaks += _combined(some, rest, label)
    return leaks


def _alone(label: str, score: float, *, classes: bool) -> str:
    if score > 1 - _EXACT:
        return f"tells all of {label} by itself: it must be made of it, or come later"
    how = "an AUC" if classes else "an R² of ranks"
    return f"tells {label} by itself with {how} of {score:.4g}: it must be made of it, or come later"


def _told(table: Table, names: Sequence[str], label: str, *, classes: bool) -> Iterator[tuple[str, "Told"]]:
    """Yield how well each column tells the label, of those that have rows enough to say."""
    from mlopsc.runtime.leakage import coded, target, told

    query = select(*(column(name) for name in (*names, label)), source=exp.table_(identifier(table.name)))
    rows = table.connection.sql(
        text(query.where(fragment("$y is not null", y=column(label))))
    ).to_arrow_table()
    goal = coded(rows.column(label)) if len(rows) else None
    if goal is None:
        return
    wanted = target(goal, classes=classes)
    for name in names:
        values = coded(rows.column(name))
        if values is not None and (best := told(values, wanted)) is not None:
            yield name, best


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

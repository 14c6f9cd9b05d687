"""What a split lets through: features that tell the label alone, and what stands in both of its parts."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlopsc.runtime.leakage.grouping import coded
from mlopsc.runtime.leakage.predictivity import LEAST, LEAST_OF_CLASS, Look, Target, target, told
from mlopsc.vocabulary.artifacts import ENTITY, LABEL, RESERVED, ROW
from mlopsc.vocabulary.leakage import Leakage

ROWS = 50_000
"""Most rows that are measured: evenly spread over the train part."""
_HOW: dict[Look, str] = {
    "values": "by its values",
    "order": "by its order",
    "nulls": "by where it is filled",
}


@dataclass(frozen=True)
class Findings:
    """The report, and what a rule says no to, in lines: `failures` block, `warnings` do not."""

    document: dict[str, Any]
    failures: tuple[str, ...]
    warnings: tuple[str, ...]


def look_for_leaks(train: pa.Table, test: pa.Table, rules: Leakage, keys: tuple[str, ...] = ()) -> Findings:
    """Measure the train part's features against its label, and both parts against each other.

    `keys` name the columns behind the ENTITY column, where there is one. Scores have six decimals.
    """
    measured, suspects = _features(train, rules)
    overlap, shared = _overlap(train, test, keys)
    failures = suspects * (rules.on_failure == "block") + shared * (rules.overlap == "block")
    warnings = suspects * (rules.on_failure == "warn") + shared * (rules.overlap == "warn")
    document = {
        "passed": not failures,
        "rows": {"train": len(train), "test": len(test)},
        "overlap": overlap,
        "leakage": measured,
        "failures": list(failures),
        "warnings": list(warnings),
    }
    return Findings(document, failures, warnings)


def _features(train: pa.Table, rules: Leakage) -> tuple[dict[str, Any], tuple[str, ...]]:
    some = train
    if len(train) > ROWS:
        some = train.take(pa.array(np.linspace(0, len(train) - 1, ROWS).astype(np.int64)))
    label = coded(some.column(LABEL))
    goal = target(label) if label is not None and label.filled.all() else None
    limit = rules.max_auc if goal is None or goal.classes else rules.max_r2
    names = [name for name in train.column_names if not name.startswith(RESERVED)]
    found = {name: _measured(some.column(name), goal) for name in names}
    suspects = [
        f"'{name}' tells the label by itself ({_score(goal, one['score'])} {_HOW[one['look']]}; "
        f"limit {limit:g}); it must be made of it, or come later: leave it out, or `leakage: {{allow: [{name}]}}`"
        for name, one in found.items()
        if goal and one["score"] is not None and one["score"] >= limit and name not in rules.allow
    ]
    enough = goal is not None and goal.enough
    return {
        "status": "failed" if suspects else "passed" if enough else "too few rows",
        "measure": goal.measure if goal else None,
        "limit": limit,
        "rows": len(some),
        "least": {"rows": LEAST, "of_a_class": LEAST_OF_CLASS},
        "allowed": sorted(set(rules.allow) & set(names)),
        "features": found,
    }, tuple(suspects)


def _measured(column: pa.ChunkedArray, goal: Target | None) -> dict[str, Any]:
    """Return score and look of a column; null where its type has no plain values or too few rows say anything."""
    values = coded(column) if goal is not None else None
    best = told(values, goal) if values is not None and goal is not None else None
    return {"score": round(best.score, 6) if best else None, "look": best.look if best else None}


def _score(goal: Target, score: float) -> str:
    return f"{'AUC' if goal.classes else 'R² of ranks'} {score:.4g}"


def _overlap(
    train: pa.Table, test: pa.Table, keys: tuple[str, ...]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return how many test rows stand in the train part as well, or are of an entity that does."""
    rows = _shared(train, test, ROW)
    found: dict[str, Any] = {"rows": rows, "entities": None}
    words = []
    if rows:
        words.append(
            f"{_of(rows, len(test))} stand in the train part as well: there the model may know them by heart"
        )
    if keys and ENTITY in train.column_names:
        entities = _shared(train, test, ENTITY)
        found["entities"] = {"keys": list(keys), "rows": entities}
        if entities:
            listed = ", ".join(f"'{key}'" for key in keys)
            words.append(
                f"{_of(entities, len(test))} are of a {listed} that is in the train part too: "
                "split by `time`, or by `group`"
            )
    return found, tuple(words)


def _shared(train: pa.Table, test: pa.Table, name: str) -> int:
    known = pc.is_in(test.column(name), value_set=train.column(name).unique())
    return int(pc.sum(known).as_py() or 0)


def _of(some: int, all_: int) -> str:
    return f"{some:,} of {all_:,} test rows"

"""What an evaluation says in numbers: metrics with their intervals, baselines beside them, and the same by slice."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.learning.baselines import score_baselines
from mlopsc.runtime.learning.intervals import intervals
from mlopsc.runtime.learning.measures import Measure, measure
from mlopsc.runtime.learning.scored import recorded
from mlopsc.runtime.learning.scoring import Answers, CustomFunction, score
from mlopsc.runtime.learning.slices import Part, parts_of, value_codes
from mlopsc.runtime.learning.threads import steady_sums
from mlopsc.vocabulary.metrics import Metric, metric_name
from mlopsc.vocabulary.operations import Evaluate

_FEW_GROUPS = 30
"""With fewer clusters, intervals that resample them are too narrow (Cameron, Gelbach and Miller 2008)."""
Functions = Mapping[str, CustomFunction]


def measured(
    answers: Answers, config: Evaluate, functions: Functions, *, train: Path, test: Path
) -> dict[str, Any]:
    """Return an evaluation's numbers as JSON; `train` and `test` are the parts, of the first labels and times are read.

    Keys: `metrics`, `baselines`, `notes`; where they are asked for `intervals` and `slices`. Raises StepFailed for a
    metric that does not fit the task, and for slices that the table does not have.
    """
    scores = score(answers, config.metrics, functions)
    naive = score_baselines(
        answers, config.metrics, functions, (train, test), config.baselines.previous_by or ()
    )
    found: dict[str, Any] = {"metrics": scores.metrics, "baselines": naive.metrics}
    notes = [*scores.notes, *naive.notes]
    rules = config.intervals
    groups = value_codes(test, [rules.by])[0] if rules is not None and rules.by is not None else None
    everything = np.ones(len(answers.truth), dtype=bool)

    def spread(rows: Any) -> dict[str, Any]:
        if rules is None:
            return {}
        chosen = answers if rows is everything else recorded(answers, rows)
        drawn = None if groups is None else groups[rows]
        return {"intervals": intervals(chosen, config.metrics, functions, rules, config.seed, drawn)}

    if rules is not None:
        found |= spread(everything)
        if groups is not None and (number := len(np.unique(groups))) < _FEW_GROUPS:
            notes.append(
                f"intervals by '{rules.by}': {number} groups are few to draw from, and they may be too narrow"
            )
        notes += [
            f"{name}: {one['undefined']} of {rules.resamples} resamples have no value"
            for name, one in found["intervals"].items()
            if one["undefined"]
        ]
    if config.slices:
        found["slices"] = {one.called: [] for one in config.slices}
        forms = {metric_name(one): measure(one, answers) for one in config.metrics}
        for part in parts_of(test, config.slices):
            about = {"slice": part.label, "rows": int(np.count_nonzero(part.rows))}
            if part.too_few:
                about |= {"too_few": True}
            else:
                about |= {"metrics": _of_part(answers, config.metrics, functions, forms, part)} | spread(
                    part.rows
                )
            found["slices"][part.of].append(about)
    return found | {"notes": notes}


def _of_part(
    answers: Answers,
    metrics: tuple[Metric, ...],
    functions: Functions,
    forms: Mapping[str, Measure | None],
    part: Part,
) -> dict[str, float | None]:
    """Return the metrics of a slice; null where it has none, of one class alone for example."""
    values: dict[str, float | None] = {}
    weights = part.rows[None, :].astype(np.float64)
    for metric in metrics:
        name = metric_name(metric)
        form = forms[name]
        with steady_sums(), np.errstate(all="ignore"):
            found = None if form is None else float(form(weights)[0])
        if found is not None:
            values[name] = found if np.isfinite(found) else None
            continue
        try:
            values |= score(recorded(answers, part.rows), [metric], functions).metrics
        except StepFailed:
            values[name] = None
    return values

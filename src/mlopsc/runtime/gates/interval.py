"""The metric gate on a confidence interval: the percentile bootstrap's, at its worse end.

B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7 (1979).
"""

import warnings
from pathlib import Path

import numpy as np

from mlopsc.runtime.decisions import Decision
from mlopsc.runtime.gates.metric import judge_bounds
from mlopsc.runtime.learning.fitted import metric_functions
from mlopsc.runtime.learning.resampling import resampled, statistic
from mlopsc.runtime.learning.scored import Scored
from mlopsc.runtime.learning.scoring import score
from mlopsc.vocabulary.gates import MetricGate
from mlopsc.vocabulary.metrics import CustomMetric, Metric


def judge_interval(name: str, gate: MetricGate, metric: Metric, scored: Scored, project: Path) -> Decision:
    """Return the decision of a metric gate on the worse end of the interval.

    A resample without a value (of one class alone, say) leaves the interval without one: the gate fails.
    """
    value = score(scored.answers(), [metric], metric_functions([metric], project)).metrics[gate.metric]
    low = high = None
    if value is not None:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # of resamples; those of the rows themselves are in the metrics' notes
            found = resampled([statistic(scored, metric, project)], len(scored), gate.resamples, gate.seed)
        if np.isfinite(found).all():
            tail = (1 - gate.level) / 2
            low, high = (float(end) for end in np.quantile(found[:, 0], (tail, 1 - tail)))
    less = isinstance(metric, CustomMetric) and not metric.greater_is_better
    evidence = {
        "value": value,
        "interval": None if low is None else [low, high],
        "level": gate.level,
        "resamples": gate.resamples,
        "seed": gate.seed,
        "rows": len(scored),
    }
    what = f"the {'upper' if less else 'lower'} bound (level {gate.level:g}) of {gate.metric}"
    return judge_bounds(name, gate, high if less else low, what, evidence)

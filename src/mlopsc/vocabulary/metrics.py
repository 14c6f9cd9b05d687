"""Metrics of an evaluation: a scikit-learn scorer by name, or a function of the user's."""

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.names import FunctionReference, Name


class CustomMetric(Frozen):
    """`function(y_true, y_pred, y_score) -> float`; `y_score` is the positive class's probability (binary),
    the matrix of probabilities (multiclass), or None."""

    name: Name
    python: FunctionReference
    greater_is_better: bool = True


Metric = str | CustomMetric
"""A scorer's name as in `sklearn.metrics.get_scorer_names()` (greater is better), or a custom metric."""


def metric_name(metric: Metric) -> str:
    """Return the name under which a metric is reported and gated."""
    return metric if isinstance(metric, str) else metric.name

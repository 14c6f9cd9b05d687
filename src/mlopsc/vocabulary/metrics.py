"""Metrics of an evaluation: a scikit-learn scorer by name, a function of the user's, the value of decisions."""

from typing import Literal

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.evaluation import CostMatrix
from mlopsc.vocabulary.names import FunctionReference, Name


class CustomMetric(Frozen):
    """`function(y_true, y_pred, y_score) -> float`; `y_score` is the positive class's probability (binary),
    the matrix of probabilities (multiclass), or None."""

    name: Name
    python: FunctionReference
    greater_is_better: bool = True


class ValueMetric(Frozen):
    """What the decisions are worth by a cost matrix: all together, or each on average. More is better."""

    of: Literal["total", "per_row"]
    matrix: CostMatrix

    @property
    def name(self) -> str:
        """Name under which it is reported and gated."""
        return f"value_{self.of}"


DeclaredMetric = str | CustomMetric
"""A scorer's name as in `sklearn.metrics.get_scorer_names()` (greater is better), or a custom metric."""
Metric = DeclaredMetric | ValueMetric


def metric_name(metric: Metric) -> str:
    """Return the name under which a metric is reported and gated."""
    return metric if isinstance(metric, str) else metric.name


def value_metrics(matrix: CostMatrix | None) -> tuple[ValueMetric, ...]:
    """Return the metrics that a cost matrix adds."""
    return () if matrix is None else tuple(ValueMetric(of=of, matrix=matrix) for of in ("total", "per_row"))

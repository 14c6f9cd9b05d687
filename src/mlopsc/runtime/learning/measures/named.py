"""Measures by the names of scikit-learn's scorers."""

from mlopsc.runtime.learning.measures import decisions, distances, probabilities, rankings
from mlopsc.runtime.learning.measures.forms import Makers, Measure
from mlopsc.runtime.learning.scoring import Answers
from mlopsc.runtime.learning.value import value_of_decisions
from mlopsc.vocabulary.metrics import CustomMetric, Metric, ValueMetric

_MAKERS: Makers = {
    **decisions.MAKERS,
    **probabilities.MAKERS,
    **rankings.MAKERS,
    **distances.MAKERS,
}


def measure(metric: Metric, answers: Answers) -> Measure | None:
    """Return a metric as a function of weights, None where there is no such form of it.

    The model is asked for what the metric needs, if it was not before.
    """
    match metric:
        case CustomMetric():
            return None
        case ValueMetric():
            return value_of_decisions(metric, answers)
        case _:
            make = _MAKERS.get(metric)
            return None if make is None else make(answers)

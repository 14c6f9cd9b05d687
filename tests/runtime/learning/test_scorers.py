"""Every scorer of scikit-learn on the tasks that it fits: the value is the one that scikit-learn itself gives."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import get_scorer, get_scorer_names

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.learning.scoring import Answers, score

ROWS = 160
TASKS = ("binary", "multiclass", "regression")


def fitted(task):
    chance = np.random.default_rng(4)
    frame = pd.DataFrame(chance.normal(size=(ROWS, 3)), columns=["a", "b", "c"])
    signal = (frame["a"] + chance.normal(size=ROWS)).to_numpy()
    if task == "regression":
        # Counts, well above zero: deviances and logarithms want both sides positive.
        truth = np.exp(0.2 * signal) + 5
        return LinearRegression().fit(frame, truth), frame, truth
    truth = np.digitize(signal, [0.0] if task == "binary" else [-0.7, 0.7])
    return LogisticRegression().fit(frame, truth), frame, truth


def own_value(name, model, frame, truth):
    """Return scikit-learn's own value, None where it refuses the task."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            value = float(get_scorer(name)(model, frame, truth))
        except (ValueError, TypeError, AttributeError):
            return None
    return value if np.isfinite(value) else None


@pytest.mark.parametrize("name", get_scorer_names())
def test_a_scorer_gives_scikit_learns_value_for_every_task_that_it_fits(name):
    fits = 0
    for task in TASKS:
        model, frame, truth = fitted(task)
        expected = own_value(name, model, frame, truth)
        if expected is None:
            with pytest.raises(StepFailed, match=f"metric '{name}' cannot be computed"):
                score(Answers(model, frame, truth), [name], {})
        else:
            fits += 1
            found = score(Answers(model, frame, truth), [name], {}).metrics
            assert found == {name: pytest.approx(expected, abs=1e-12)}
    # Averages over the labels of each row need rows with several labels, which no training here has.
    assert (fits > 0) == (not name.endswith("_samples"))


def test_scikit_learn_has_as_many_scorers_as_were_looked_at():
    assert len(get_scorer_names()) == 58

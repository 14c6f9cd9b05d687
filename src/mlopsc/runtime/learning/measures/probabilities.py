"""Measures of probabilities: means over the rows of a loss of each."""

import numpy as np

from mlopsc.runtime.learning.measures.forms import Floats, Makers, Measure, mean_of
from mlopsc.runtime.learning.scoring import Answers


def probabilities_of(answers: Answers) -> Floats | None:
    """Return the probabilities (rows × classes), None where there are none or labels that the model never saw."""
    if answers.classes is None or answers.unseen or not hasattr(answers.model, "predict_proba"):
        return None
    said = np.asarray(answers.ask("predict_proba"), dtype=np.float64)
    return said if said.shape == (len(answers.truth), len(answers.classes)) else None


def neg_log_loss(answers: Answers) -> Measure | None:
    """Return minus the mean log loss; probabilities stay the type's epsilon away from 0 and 1, as in scikit-learn."""
    said = probabilities_of(answers)
    if said is None:
        return None
    epsilon = np.finfo(answers.ask("predict_proba").dtype).eps
    of_truth = said[np.arange(len(said)), answers.codes]
    return mean_of(np.log(np.clip(of_truth, epsilon, 1 - epsilon)))


def neg_brier_score(answers: Answers) -> Measure | None:
    """Return minus Brier's score (1950), of two classes half of it, as in scikit-learn."""
    said = probabilities_of(answers)
    if said is None:
        return None
    if said.shape[1] == 2:
        return mean_of(-((said[:, 1] - answers.codes) ** 2))
    wanted = np.zeros_like(said)
    wanted[np.arange(len(said)), answers.codes] = 1.0
    return mean_of(-((said - wanted) ** 2).sum(axis=1))


MAKERS: Makers = {
    "neg_log_loss": neg_log_loss,
    "neg_brier_score": neg_brier_score,
}

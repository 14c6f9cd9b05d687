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
    """Return minus the mean log loss as in scikit-learn: of rows that lack a class NaN, and of probabilities that are
    the type's epsilon away from 0 and 1 at least."""
    said = probabilities_of(answers)
    if said is None:
        return None
    epsilon = np.finfo(answers.ask("predict_proba").dtype).eps
    codes = answers.codes
    mean = mean_of(np.log(np.clip(said[np.arange(len(said)), codes], epsilon, 1 - epsilon)))
    of_class = [codes == code for code in range(said.shape[1])]

    def loss(weights: Floats) -> Floats:
        complete = np.all([weights[:, rows].any(axis=1) for rows in of_class], axis=0)
        return np.where(complete, mean(weights), np.nan)

    return loss


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

"""What a model says to a question, checked, or the reason why a chart has to do without."""

import numpy as np

from mlopsc.runtime.learning.curves.lines import Floats
from mlopsc.runtime.learning.curves.unavailable import Unavailable
from mlopsc.runtime.learning.scoring import Answers, Values, one_line

SAMPLE = 100_000
"""Of more rows than these, what no metric asked for is asked about every so many-th only: it is a second pass."""


def sampled(answers: Answers, question: str) -> Answers:
    """Return the answers about all rows where they are there or cheap, else about evenly spaced ones."""
    if answers.was_asked(question) or len(answers.truth) <= SAMPLE:
        return answers
    return answers.of_every(-(-len(answers.truth) // SAMPLE))


def answer(answers: Answers, question: str) -> Values:
    """Return what the model says to `predict`, `predict_proba` or `decision_function`, one answer for each row."""
    rows = len(answers.truth)
    if not rows:
        raise Unavailable("the test part has no rows")
    try:
        said = answers.ask(question)
    except Exception as error:  # whatever a user's estimator raises: the metrics may do without this answer
        raise Unavailable(f"{question} raised {type(error).__name__}: {one_line(error)}") from error
    if said.ndim == 0 or len(said) != rows:
        raise Unavailable(f"{question} gave an array of shape {said.shape} for {rows} rows")
    return said


def scored_by(answers: Answers) -> str:
    """Return the question whose answer ranks the rows."""
    for question in ("predict_proba", "decision_function"):
        if hasattr(answers.model, question):
            return question
    raise Unavailable("the estimator gives classes only: it has neither predict_proba nor decision_function")


def scores_of(answers: Answers) -> Floats:
    """Return how sure the model is of the positive class; of several classes, a column for each."""
    question, classes = scored_by(answers), len(answers.labels)
    said = answer(answers, question)
    rows = len(said)
    if classes == 2 and said.shape == (rows, 2):
        said = said[:, 1]
    wanted = (rows,) if classes == 2 else (rows, classes)
    if said.shape != wanted:
        raise Unavailable(f"{question} gave an array of shape {said.shape}: expected {wanted}")
    return numbers_of(said, f"answers of {question}")


def numbers_of(values: Values, what: str) -> Floats:
    """Return the values as finite numbers."""
    if not len(values):
        raise Unavailable("the test part has no rows")
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise Unavailable(f"the {what} are no numbers") from None
    broken = int(np.count_nonzero(~np.isfinite(numbers)))
    if broken:
        raise Unavailable(f"{broken} of {numbers.size} {what} are not finite (NaN or infinite)")
    return numbers

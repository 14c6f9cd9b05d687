"""Charts of classes: which label was taken for which, and each class against the others."""

import numpy as np

from mlopsc.runtime.learning.curves.lines import Chart, Counts
from mlopsc.runtime.learning.curves.questions import answer, sampled, scored_by, scores_of
from mlopsc.runtime.learning.curves.ranking import POINTS, Ranked, roc
from mlopsc.runtime.learning.curves.unavailable import Unavailable
from mlopsc.runtime.learning.scoring import Answers, Values, one_line

CLASSES = 20
"""At most so many labels, the commonest, are told apart; the others are counted together."""


def confusion(answers: Answers) -> Chart:
    """Return `counts`: a row for each true label, a column for each decision.

    `unseen` are labels that the model was not trained on. When there are more than `labels`, a last row and column
    count all the `others`. `decided_by` is `predict`; where only the probabilities were asked for, it is
    `predict_proba`, and the decision the most probable class: the model is not asked twice.
    """
    decided_by = "predict_proba"
    if answers.was_asked("predict") or not hasattr(answers.model, "predict_proba"):
        decided_by = "predict"
    answers = sampled(answers, decided_by)
    said = _labels_said(answers) if decided_by == "predict" else _most_probable(answers)
    classes, unseen = answers.labels, answers.unseen
    labels = [*classes, *unseen]
    # What a model says beyond its classes is no label, also none of those that only the test part has.
    said = np.where(said < len(classes), said, len(labels))
    shown = commonest(answers.codes, len(labels))
    place = np.full(len(labels) + 1, len(shown))
    place[shown] = np.arange(len(shown))
    size = len(shown) + 1
    pairs = place[answers.codes] * size + place[said]
    counts = np.bincount(pairs, minlength=size * size).reshape(size, size)
    others = bool(len(labels) > len(shown) or counts[:, -1].any())
    return {
        "decided_by": decided_by,
        "labels": [labels[code] for code in shown.tolist()],
        "unseen": [labels[code] for code in shown.tolist() if code >= len(classes)],
        "others": others,
        "counts": (counts if others else counts[:-1, :-1]).tolist(),
    }


def roc_of_each_class(answers: Answers) -> Chart:
    """Return a ROC curve for each class against the others, and how many of the less common ones are left out."""
    question = scored_by(answers)
    answers = sampled(answers, question)
    scores, classes = scores_of(answers), answers.labels
    shown = commonest(answers.codes, len(classes), among=len(classes))
    found: list[Chart] = []
    for code in shown.tolist():
        of_class = answers.codes == code
        rows = int(np.count_nonzero(of_class))
        curve: Chart
        if 0 < rows < len(of_class):
            curve = roc(Ranked.of(scores[:, code], of_class), POINTS // 2)
        else:
            curve = {"unavailable": f"{'all' if rows else 'none'} of the rows have this label"}
        found.append({"class": classes[code]} | curve)
    return {"scored_by": question, "curves": found, "left_out": len(classes) - len(shown)}


def commonest(codes: Values, number: int, among: int | None = None) -> Counts:
    """Return the commonest of the first `among` codes below `number`, in their order."""
    counted = np.bincount(codes, minlength=number)[:among]
    return np.sort(np.argsort(-counted, kind="stable")[:CLASSES])


def _labels_said(answers: Answers) -> Values:
    answer(answers, "predict")
    try:
        return np.asarray(answers.predict(None))
    except (TypeError, ValueError) as error:
        raise Unavailable(f"what predict gave are no labels: {one_line(error)}") from error


def _most_probable(answers: Answers) -> Values:
    scores = scores_of(answers)
    return (scores > 0.5).astype(np.int64) if scores.ndim == 1 else np.argmax(scores, axis=1)

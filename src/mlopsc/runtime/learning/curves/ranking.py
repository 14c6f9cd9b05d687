"""Charts of two classes, from the rows ranked by the model's score."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from mlopsc.runtime.learning.curves.lines import (
    Chart,
    Counts,
    Floats,
    corners,
    edges_between,
    quantile_bins,
    rounded,
    rounded_list,
    running_sums,
    thinned,
)

POINTS = 200
"""At most so many points of a curve; those of a ROC curve that are left out lie within 0.02 of one that is kept."""
_SCORE_BINS, _TENTHS = 20, 10


@dataclass(frozen=True, eq=False)
class Ranked:
    """Rows by rising score; `before[k]` counts the positive ones among the first `k`."""

    scores: Floats
    before: Counts

    @classmethod
    def of(cls, scores: Floats, positive: npt.NDArray[np.bool_]) -> "Ranked":
        """Rank rows by their scores."""
        order = np.argsort(scores)
        return cls(scores[order], np.concatenate([[0], np.cumsum(positive[order], dtype=np.int64)]))

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.scores)

    @property
    def positives(self) -> int:
        """How many of them are positive."""
        return int(self.before[-1])

    @cached_property
    def hits(self) -> tuple[Floats, Counts, Counts]:
        """Falling thresholds, and how many false and true positives lie at or above each."""
        starts = np.concatenate([[0], np.flatnonzero(np.diff(self.scores)) + 1])[::-1]
        true = self.positives - self.before[starts]
        return self.scores[starts], self.rows - starts - true, true


def roc(ranked: Ranked, limit: int = POINTS) -> Chart:
    """Return a ROC curve, from (0, 0), whose threshold is null, to (1, 1), and the area below it."""
    thresholds, false, true = ranked.hits
    false, true = np.concatenate([[0], false]), np.concatenate([[0], true])
    positives, negatives = ranked.positives, ranked.rows - ranked.positives
    doubled_area = int(np.dot(np.diff(false), true[1:] + true[:-1]))
    bends = corners(false, true)
    x, y = false[bends] / negatives, true[bends] / positives
    kept = thinned(x, y, limit)
    return {
        "area": rounded(doubled_area / (2 * positives * negatives)),
        "false_positive_rate": rounded_list(x[kept]),
        "true_positive_rate": rounded_list(y[kept]),
        "thresholds": [None, *rounded_list(thresholds[bends[kept][1:] - 1])],
        "rows": {"positive": positives, "negative": negatives},
    }


def precision_recall(ranked: Ranked) -> Chart:
    """Return precision against rising recall, the average precision, and the share of positive rows."""
    thresholds, false, true = ranked.hits
    recall, precision = true / ranked.positives, true / (true + false)
    kept = thinned(recall, precision, POINTS)
    return {
        "average_precision": rounded(float(running_sums(np.diff(recall, prepend=0.0) * precision)[-1])),
        "base_rate": rounded(ranked.positives / ranked.rows),
        "recall": rounded_list(recall[kept]),
        "precision": rounded_list(precision[kept]),
        "thresholds": rounded_list(thresholds[kept]),
    }


def lift(ranked: Ranked) -> Chart:
    """Return which share of the positive rows lies among the rows of the highest scores: cumulative gain and lift.

    `gain` rises with `share_of_rows` from 0 to 1; lift is gain / share, how many times more positive rows there are
    than among as many rows drawn blindly. `tenths` tells both after each tenth of the rows. Between rows of one score
    the order is drawn by lot, so there the gain rises in a straight line.
    """
    _, false, true = ranked.hits
    taken, true = np.concatenate([[0], false + true]), np.concatenate([[0], true])
    bends = corners(taken, true)
    share, gain = taken[bends] / ranked.rows, true[bends] / ranked.positives
    kept = thinned(share, gain, POINTS)
    tenths = np.linspace(0, 1, _TENTHS + 1)[1:]
    reached = np.interp(tenths, share, gain)
    return {
        "base_rate": rounded(ranked.positives / ranked.rows),
        "share_of_rows": rounded_list(share[kept]),
        "gain": rounded_list(gain[kept]),
        "tenths": [
            {"share_of_rows": rounded(part), "gain": rounded(found), "lift": rounded(found / part)}
            for part, found in zip(tenths.tolist(), reached.tolist(), strict=True)
        ],
    }


def calibration(ranked: Ranked) -> Chart:
    """Return quantile bins of the probability: its mean, and the share of positive rows."""
    sums = running_sums(ranked.scores)
    bins = []
    for start, end in quantile_bins(ranked.scores):
        rows, positive = end - start, int(ranked.before[end] - ranked.before[start])
        bins.append(
            {
                "predicted": rounded(float(sums[end] - sums[start]) / rows),
                "observed": rounded(positive / rows),
                "rows": rows,
                "positive": positive,
            }
        )
    return {"bins": bins}


def histogram_by_class(ranked: Ranked, scored_by: str) -> Chart:
    """Return how many rows of each class have which score; probabilities on [0, 1]."""
    probability = scored_by == "predict_proba"
    low, high = (0.0, 1.0) if probability else (float(ranked.scores[0]), float(ranked.scores[-1]))
    edges = edges_between(low, high, _SCORE_BINS)
    inner = np.searchsorted(ranked.scores, edges[1:-1], side="left")
    bounds = np.concatenate([[0], inner, [ranked.rows]])
    positive = np.diff(ranked.before[bounds])
    return {
        "scored_by": scored_by,
        "edges": rounded_list(edges),
        "positive": positive.tolist(),
        "negative": (np.diff(bounds) - positive).tolist(),
    }

"""Confidence intervals of metrics by bootstrap, from answers that the model has given already.

A resample is a whole-number weight for each row: how often it was drawn. The percentile interval is Efron's (1979); the
other corrects bias and skewness (BCa: Efron 1987, Better Bootstrap Confidence Intervals; formulas and the treatment
of strata as in scipy.stats.bootstrap). Its acceleration comes from a jackknife; of many rows, blocks are left out at a
time (as in Efron & Narasimhan 2020, The Automatic Construction of Bootstrap Confidence Intervals). By group, whole
groups are drawn: the cluster bootstrap (Field & Welsh 2007).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.learning.curves.lines import rounded
from mlopsc.runtime.learning.measures import Measure
from mlopsc.runtime.learning.resampling import weighted
from mlopsc.runtime.learning.scoring import Answers, CustomFunction
from mlopsc.runtime.learning.threads import steady_sums
from mlopsc.vocabulary.evaluation import Intervals
from mlopsc.vocabulary.metrics import Metric, metric_name

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
_CELLS = 1 << 22
"""So many weights are held at a time: 32 MB."""
_BLOCKS = 1000
"""The jackknife leaves out at most so many blocks of rows, one after the other."""


def intervals(
    answers: Answers,
    metrics: Sequence[Metric],
    functions: Mapping[str, CustomFunction],
    rules: Intervals,
    seed: int,
    groups: Codes | None = None,
) -> dict[str, dict[str, Any]]:
    """Return metric → its interval: `low`, `high` (null where there is none), and how many resamples are `undefined`.

    `groups` tells which rows are drawn together. Metrics must have been computed before: the model is not asked.
    Raises StepFailed for strata of a regression.
    """
    units = _Units.of(answers, rules, groups)
    forms = {metric_name(one): weighted(one, answers, functions) for one in metrics}
    drawn = _values(forms, units.resamples(rules.resamples, seed))
    left_out = _values(forms, units.jackknife()) if rules.method == "bca" else {}
    found: dict[str, dict[str, Any]] = {}
    for name, values in drawn.items():
        sound = values[np.isfinite(values)]
        low = high = None
        if len(units.strata) > 1 and len(sound):
            tail = (1 - rules.level) / 2
            tails = np.array([tail, 1 - tail])
            if rules.method == "bca":
                estimate = float(forms[name](np.ones((1, len(answers.truth))))[0])
                tails = corrected(tails, sound, estimate, left_out[name], units.strata_of_blocks())
            if np.isfinite(tails).all():
                low, high = (rounded(value) for value in np.quantile(sound, tails).tolist())
        found[name] = {"low": low, "high": high, "undefined": len(values) - len(sound)}
    return found


def corrected(tails: Floats, drawn: Floats, estimate: float, left_out: Floats, strata: Codes) -> Floats:
    """Return the shares of the bootstrap distribution between which the BCa interval lies; NaN where it has none.

    `left_out` are the jackknife's values, `strata` says which sample each of them is of.
    """
    below = (np.count_nonzero(drawn < estimate) + np.count_nonzero(drawn <= estimate)) / (2 * len(drawn))
    bias = ndtri(below)
    over = under = 0.0
    for stratum in np.unique(strata):
        values = left_out[strata == stratum]
        number = len(values)
        pull = (number - 1) * (values.mean() - values) / number
        over, under = over + float((pull**3).sum()), under + float((pull**2).sum())
    acceleration = over / (6 * under**1.5) if under > 0 else 0.0 if under == 0 else np.nan
    moved = bias + ndtri(tails)
    return np.asarray(ndtr(bias + moved / (1 - acceleration * moved)))


@dataclass(frozen=True, eq=False)
class _Units:
    """What is drawn: rows, or groups of rows; in each stratum as many as there are."""

    of_row: Codes | None
    """The unit that a row belongs to; None: each row is one."""
    strata: Codes
    """The stratum of each unit."""

    @classmethod
    def of(cls, answers: Answers, rules: Intervals, groups: Codes | None) -> "_Units":
        if groups is not None:
            of_row = np.unique(groups, return_inverse=True)[1]
            return cls(of_row, np.zeros(int(of_row.max(initial=-1)) + 1, dtype=np.int64))
        if not rules.stratified:
            return cls(None, np.zeros(len(answers.truth), dtype=np.int64))
        if answers.classes is None:
            raise StepFailed("`intervals` are stratified by class, and this model predicts numbers")
        return cls(None, np.unique(answers.codes, return_inverse=True)[1])

    def resamples(self, number: int, seed: int) -> Iterator[Floats]:
        """Yield the weights of `number` resamples, some at a time: (resamples × rows)."""
        chance = np.random.RandomState(seed)
        members = [np.flatnonzero(self.strata == stratum) for stratum in np.unique(self.strata)]
        size = len(self.strata)
        for count in _shares(number, self._rows):
            weights = np.empty((count, size))
            for row in weights:
                drawn = [among[chance.randint(0, len(among), len(among))] for among in members]
                row[:] = np.bincount(np.concatenate(drawn), minlength=size)
            yield self._of_rows(weights)

    def jackknife(self) -> Iterator[Floats]:
        """Yield the weights of all rows but those of one block, for one block after the other."""
        block = self._blocks()
        blocks = np.arange(int(block.max(initial=-1)) + 1)
        start = 0
        for count in _shares(len(blocks), self._rows):
            yield self._of_rows((block[None, :] != blocks[start : start + count, None]).astype(np.float64))
            start += count

    def strata_of_blocks(self) -> Codes:
        """Return the stratum of each block."""
        first = np.unique(self._blocks(), return_index=True)[1]
        return self.strata[first]

    def _blocks(self) -> Codes:
        """Return the block of each unit: units of one stratum, spread over all of it."""
        block, next_free = np.empty(len(self.strata), dtype=np.int64), 0
        for stratum in np.unique(self.strata):
            among = np.flatnonzero(self.strata == stratum)
            number = min(len(among), -(-_BLOCKS * len(among) // len(self.strata)))
            block[among] = next_free + np.arange(len(among)) % number
            next_free += number
        return block

    @property
    def _rows(self) -> int:
        return len(self.strata if self.of_row is None else self.of_row)

    def _of_rows(self, weights: Floats) -> Floats:
        return weights if self.of_row is None else weights[:, self.of_row]


def _shares(number: int, rows: int) -> Iterator[int]:
    most = max(1, _CELLS // max(1, rows))
    while number > 0:
        yield min(most, number)
        number -= most


def _values(forms: Mapping[str, Measure], weightings: Iterator[Floats]) -> dict[str, Floats]:
    parts: dict[str, list[Floats]] = {name: [] for name in forms}
    with steady_sums(), np.errstate(all="ignore"):
        for weights in weightings:
            for name, form in forms.items():
                parts[name].append(form(weights))
    return {name: np.concatenate(values) if values else np.empty(0) for name, values in parts.items()}

"""From scores to probabilities and decisions: calibration, and the threshold from which a row counts as positive."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.evaluation import BinaryCosts
from mlopsc.vocabulary.splits import Fraction

_Share = Annotated[float, Field(gt=0, le=1)]


class _HeldOut(Frozen):
    """Rows of the train part that are answered by a model which was not fitted on them."""

    cv: Annotated[int, Field(ge=2, le=50)] | None = None
    """So many folds, each held out in turn, divided as the training's split is; 5 unless `validation` is given."""
    validation: Fraction | None = None
    """Hold out this share once, in the place of folds: of a `time` split the latest rows."""

    @model_validator(mode="after")
    def _one_scheme(self) -> "_HeldOut":
        if self.cv is not None and self.validation is not None:
            raise ValueError("`cv` holds out each fold in turn, `validation` one share: expected one of them")
        return self

    @property
    def held(self) -> int | float:
        """The number of folds, or the share that is held out once."""
        return self.validation or self.cv or 5


class Calibration(_HeldOut):
    """Make a classifier's probabilities agree with frequencies, as scikit-learn's CalibratedClassifierCV does.

    A model is fitted for each fold, and their calibrated probabilities are averaged.
    """

    method: Literal["sigmoid", "isotonic"] = "sigmoid"
    """`sigmoid` (Platt 1999) suits few rows; `isotonic` (Zadrozny and Elkan 2002) corrects any monotonic distortion."""


class Threshold(_HeldOut):
    """The probability (of a classifier without any, the score) from which a row counts as positive.

    Exactly one rule says it. But for `value`, it is chosen on rows of the train part that were held out, and the
    model is then fitted on all of them. Positive is the class that sorts last.
    """

    value: Annotated[float, Field(allow_inf_nan=False)] | None = None
    """This threshold."""
    maximize: str | None = None
    """The threshold with the best value of this scorer, one that takes decisions such as f1, or of a metric that the
    training's `cost_matrix` adds."""
    min_recall: _Share | None = None
    """Of the thresholds that find at least this share of the positive rows, the one of the best precision."""
    min_precision: _Share | None = None
    """Of the thresholds of which at least this share of what they call positive is, the one of the best recall."""
    cost_matrix: BinaryCosts | None = None
    """The threshold whose decisions are worth most."""

    @model_validator(mode="after")
    def _one_rule(self) -> "Threshold":
        rules = (self.value, self.maximize, self.min_recall, self.min_precision, self.cost_matrix)
        if sum(rule is not None for rule in rules) != 1:
            raise ValueError(
                "expected exactly one of `value`, `maximize`, `min_recall`, `min_precision` and `cost_matrix`"
            )
        if self.value is not None and (self.cv is not None or self.validation is not None):
            raise ValueError("`value` is not chosen on data: leave out `cv` and `validation`")
        return self

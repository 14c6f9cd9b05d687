"""What a training tolerates of columns that give its label away, and of what stands in both parts of its split."""

from typing import Annotated, Literal

from pydantic import Field

from mlopsc.vocabulary.base import Frozen


class Leakage(Frozen):
    """Limits of the look for leaks in the train part, before anything is fitted.

    Legitimate features stay well below the defaults; copies of the label, also transformed, noisy or partly
    filled, reach them.
    """

    max_auc: Annotated[float, Field(gt=0.5, le=1)] = 0.998
    """Of a label of classes: a feature that alone reaches this area under the ROC curve fails."""
    max_r2: Annotated[float, Field(gt=0, le=1)] = 0.99
    """Of a label of numbers: a feature that alone explains this share of the variance of its ranks fails."""
    allow: tuple[str, ...] = ()
    """Features that may reach the limits: they are measured and reported, and never fail."""
    on_failure: Literal["block", "warn"] = "block"
    """`block` refuses to train; `warn` says so in the split's report and output, and goes on."""
    overlap: Literal["block", "warn"] = "warn"
    """What rows that stand in both parts, and entities of which rows do where they are measured, lead to."""

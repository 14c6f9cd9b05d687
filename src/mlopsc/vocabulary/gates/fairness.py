"""Equal treatment of groups of people: differences and ratios of rates between groups.

The criteria are those of Fairlearn (https://fairlearn.org/main/user_guide/assessment/common_fairness_metrics.html) and
of AI Fairness 360 (https://aif360.readthedocs.io, `ClassificationMetric`).
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.gates.base import Grouped, Threshold

Criterion = Literal["demographic_parity", "equalized_odds", "equal_opportunity", "predictive_parity"]
CRITERIA: tuple[Criterion, ...] = (
    "demographic_parity",
    "equalized_odds",
    "equal_opportunity",
    "predictive_parity",
)


class Disparity(Frozen):
    """How far groups may be apart: largest less smallest rate, smallest by largest rate."""

    max_difference: Threshold | None = None
    """How far the largest rate may be above the smallest."""
    min_ratio: Threshold | None = None
    """What the smallest rate has to be of the largest; 0.8 is the four-fifths rule."""

    @model_validator(mode="after")
    def _sensible(self) -> "Disparity":
        if self.max_difference is None and self.min_ratio is None:
            raise ValueError("expected `max_difference`, `min_ratio` or both")
        for name in ("max_difference", "min_ratio"):
            bound = getattr(self, name)
            if isinstance(bound, float) and not 0 <= bound <= 1:
                raise ValueError(f"`{name}` {bound:g} is no bound of rates: expected a number from 0 to 1")
        return self


class FairnessGate(Grouped):
    """Groups are treated alike: for each criterion named, the largest and the smallest rate lie close together."""

    type: Literal["fairness"]
    positive: str | bool | int | None = None
    """The class that is the favourable or selected one; by default, of two classes, the one that sorts last."""
    min_group: Annotated[int, Field(ge=1)] = 30
    """Smaller groups are named and not judged; with fewer than two others the gate fails."""
    demographic_parity: Disparity | None = None
    """Of the rate of positive predictions. Fairlearn's `demographic_parity_difference` and `_ratio`; AIF360's
    `statistical_parity_difference` and `disparate_impact`."""
    equalized_odds: Disparity | None = None
    """Of true and of false positive rates, whichever is further apart. Fairlearn's `equalized_odds_difference` and
    `_ratio`, by the worst case."""
    equal_opportunity: Disparity | None = None
    """Of true positive rates. Fairlearn's `equal_opportunity_difference` and `_ratio`; AIF360's
    `equal_opportunity_difference`."""
    predictive_parity: Disparity | None = None
    """Of precision, the share of true ones among positive predictions; AIF360's `positive_predictive_value`."""

    @model_validator(mode="after")
    def _sensible(self) -> "FairnessGate":
        if not self.criteria():
            raise ValueError(f"a fairness gate needs a criterion: {', '.join(CRITERIA)}")
        if self.slices is not None and len(self.slices) > 1:
            raise ValueError(
                "`slices` names several, and groups that overlap are not compared: write a gate for each"
            )
        return self

    def criteria(self) -> dict[Criterion, Disparity]:
        """Return the criteria that are asked for."""
        asked = {name: getattr(self, name) for name in CRITERIA}
        return {name: bounds for name, bounds in asked.items() if bounds is not None}

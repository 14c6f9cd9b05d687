"""The candidate against the version that holds the stage."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from mlopsc.vocabulary.gates.base import BaseGate, Level, Resamples, Seed, Threshold

Test = Literal["paired_bootstrap", "permutation", "none"]


class ChampionGate(BaseGate):
    """The candidate is better than the version that holds the stage, on rows that neither was trained on."""

    type: Literal["champion"]
    metric: str
    test: Test = "paired_bootstrap"
    """How a difference is told from chance. `paired_bootstrap` resamples the rows, the same for both models;
    `permutation` exchanges what the models say of a row; `none` takes any difference for one."""
    level: Level = 0.99
    """How sure the test has to be, one-sided. Above 0.95, for the rows are not all that varies: so does training."""
    min_delta: Threshold = 0.0
    """How much better, in the metric's units: pass when candidate - champion > min_delta, by the test; without a test,
    when it is ≥ min_delta."""
    if_none: Literal["pass", "fail"] = "pass"
    """The verdict when nothing holds the stage yet."""
    min_rows: Annotated[int, Field(ge=1)] = 30
    """With fewer rows to compare on, the gate fails: it refuses to judge."""
    resamples: Resamples = 2000
    """Of the rows, or exchanges of what the models say of them."""
    seed: Seed = 0
    """Of the resamples."""

    @model_validator(mode="after")
    def _sensible(self) -> "ChampionGate":
        fields = type(self).model_fields
        for name in ("level", "resamples", "seed"):
            if self.test == "none" and getattr(self, name) != fields[name].default:
                raise ValueError(
                    f"`{name}` is about the test: it needs `test: paired_bootstrap` or `permutation`"
                )
        if self.test != "none" and self.resamples * (1 - self.level) < 1:
            raise ValueError(
                f"{self.resamples} `resamples` cannot tell what happens once in {1 / (1 - self.level):.0f} times, "
                f"as `level` {self.level} asks: nothing could pass"
            )
        if self.test == "permutation" and isinstance(self.min_delta, float) and self.min_delta < 0:
            raise ValueError(
                "a permutation tests whether there is a difference, not whether it is small: "
                "`min_delta` below 0 needs `test: paired_bootstrap`"
            )
        return self

"""The `monitors` section: what is watched of a model in use, against what, and when."""

from pydantic import model_validator

from mlopsc.spec.schedules import Schedule
from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.drift import DriftTests
from mlopsc.vocabulary.names import Name
from mlopsc.vocabulary.policy import Policy
from mlopsc.vocabulary.references import ParameterReference
from mlopsc.vocabulary.time import Duration, Timestamp


class Current(Frozen):
    """The rows of today: the model's features are made for them as they were for training."""

    dataset: Name | None = None
    view: Name | None = None
    window: Duration | None = None
    """Only rows of the last stretch before `until`."""
    until: Timestamp | ParameterReference | None = None

    @model_validator(mode="after")
    def _consistent(self) -> "Current":
        if (self.dataset is None) == (self.view is None):
            raise ValueError("expected exactly one of `dataset` and `view`")
        if self.window is not None and self.until is None:
            raise ValueError("`window` needs `until`: the instant that it ends at")
        return self

    @property
    def table(self) -> str:
        """Name of the dataset or view that the rows come from."""
        return self.dataset or self.view or ""


class Monitor(Frozen):
    """Drift of a registered model's inputs against the profile of what it was trained on."""

    model: Name
    stage: Name
    description: str | None = None
    current: Current
    tests: DriftTests = DriftTests()
    schedule: Schedule | None = None
    policy: Policy = Policy()

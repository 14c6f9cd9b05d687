"""The `training` section: rows, label, features, split, estimator, metrics."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.deciding import Calibration, Threshold
from mlopsc.vocabulary.estimators import Estimator, TrustedType
from mlopsc.vocabulary.evaluation import Baselines, CostMatrix, Explanation, Intervals, Slice, as_slice
from mlopsc.vocabulary.exports import Export, OnnxExport
from mlopsc.vocabulary.leakage import Leakage
from mlopsc.vocabulary.metrics import DeclaredMetric, Metric, value_metrics
from mlopsc.vocabulary.names import Name
from mlopsc.vocabulary.policy import Policy
from mlopsc.vocabulary.preprocessing import Preprocessing
from mlopsc.vocabulary.references import ParameterReference
from mlopsc.vocabulary.segments import Segments
from mlopsc.vocabulary.splits import RandomSplit, Split
from mlopsc.vocabulary.time import Timestamp
from mlopsc.vocabulary.tuning import Tune
from mlopsc.vocabulary.weights import ClassWeight


class Entities(Frozen):
    """The rows to learn from: a table, the label, and which rows count."""

    dataset: Name | None = None
    view: Name | None = None
    """The table: either a dataset, or an SQL or Python view."""
    label: Annotated[str, Field(min_length=1)]
    """A column, or an SQL expression over the table's columns; rows where it is null are left out."""
    where: Annotated[str, Field(min_length=1)] | None = None
    """SQL condition that defines the population, for training, monitoring and prediction alike."""
    until: Timestamp | ParameterReference | None = None
    """Rows after this instant are left out."""

    @model_validator(mode="after")
    def _one_table(self) -> "Entities":
        if (self.dataset is None) == (self.view is None):
            raise ValueError("expected exactly one of `dataset` and `view`")
        return self

    @property
    def table(self) -> str:
        """Name of the dataset or view that the rows come from."""
        return self.dataset or self.view or ""


Accepted = Literal["MLC402", "MLC407", "MLC410", "MLC411", "MLC412", "MLC413", "MLC414", "MLC415", "MLC416"]
"""Codes of leakage that a person may know better; the label itself as a feature (MLC401) is none of them."""


class Training(Frozen):
    """One model: what it learns from, how, and how it is measured."""

    entities: Entities
    features: Annotated[tuple[str, ...], Field(min_length=1)]
    """Views joined at the label's time, and columns of the entities' own table."""
    split: Split = RandomSplit(type="random")
    accept: dict[Accepted, Annotated[str, Field(min_length=1)]] = {}
    """Warnings and errors of leakage that do not hold here, each with the reason: `{MLC415: airports stay}`."""
    leakage: Leakage = Leakage()
    """What is looked for in the data before training, and what that leads to."""
    estimator: Estimator
    params: dict[str, Any] = {}
    """The estimator's constructor arguments."""
    tune: Tune | None = None
    """A search for further arguments, on folds of the train part; the model is trained with the best that it finds."""
    for_each: Segments | None = None
    """A model for each segment of the rows, such as a region; they are one model to all that comes after."""
    preprocess: Preprocessing = Preprocessing()
    trust: tuple[TrustedType, ...] = ()
    """Estimators of other packages than scikit-learn that the model may hold, by module and class."""
    sample_weight: Annotated[str, Field(min_length=1)] | None = None
    """A column of the entities, or a feature: how much each row counts in the fit."""
    class_weight: ClassWeight | None = None
    """How much rows of each class count in the fit: `balanced`, or a weight for each label."""
    calibrate: Calibration | None = None
    """Make a classifier's probabilities agree with frequencies."""
    threshold: Threshold | None = None
    """From which probability on a row counts as positive, in every prediction."""
    refit: bool = False
    """Register the model trained again on all rows, once the gates have judged the one of the train part."""
    metrics: Annotated[tuple[DeclaredMetric, ...], Field(min_length=1)]
    cost_matrix: CostMatrix | None = None
    """What decisions are worth; adds the metrics `value_total` and `value_per_row`."""
    slices: tuple[str | Slice, ...] = ()
    """Groups of rows that are measured by themselves: columns, bins of numbers, conditions."""
    intervals: Intervals | None = None
    """Confidence intervals of the metrics by bootstrap; `{}` for those by default."""
    baselines: Baselines = Baselines()
    """How the naive forecasts are made that metrics are reported beside."""
    explain: bool | Explanation = False
    """What the model's answers hang on: importance of features and partial dependence; `true` for those by default."""
    export: Export | None = None
    """What the model is written as besides, for programs without Python: `{onnx: true}`."""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    example: bool = True
    """Whether the model keeps the first rows that it learned from, as an example of its input."""
    description: str | None = None
    policy: Policy = Policy()

    @property
    def holds_out(self) -> bool:
        """Whether the fit holds out rows of the train part."""
        chosen = self.threshold is not None and self.threshold.value is None
        return self.calibrate is not None or chosen

    @property
    def measured(self) -> tuple[Metric, ...]:
        """All metrics: those that are listed, and those that the cost matrix adds."""
        return self.metrics + value_metrics(self.cost_matrix)

    @property
    def explained(self) -> Explanation | None:
        """How the model is explained; None where that was not asked for."""
        return (Explanation() if self.explain else None) if isinstance(self.explain, bool) else self.explain

    @property
    def onnx(self) -> OnnxExport | None:
        """How the model is written as ONNX; None where that was not asked for."""
        asked = self.export is not None and self.export.onnx
        return (OnnxExport() if asked else None) if isinstance(asked, bool) else asked

    @property
    def divisions(self) -> tuple[Slice, ...]:
        """The slices, in one form."""
        return tuple(as_slice(entry) for entry in self.slices)

    @property
    def reported(self) -> tuple[Slice, ...]:
        """The slices that an evaluation measures: those that are declared, and each segment that has a model."""
        if self.for_each is None:
            return self.divisions
        column, declared = self.for_each.column, self.divisions
        if any(one.read == (column,) and one.bins is None and one.quantiles is None for one in declared):
            return declared
        taken = any(one.called == column for one in declared)
        return (*declared, Slice(column=column, min_rows=1, name="segments" if taken else None))

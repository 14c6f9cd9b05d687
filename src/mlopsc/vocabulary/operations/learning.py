"""Operations that train, score and ask a model."""

from typing import Annotated, Any, Literal

from pydantic import Field

from mlopsc.vocabulary.columns import Column
from mlopsc.vocabulary.deciding import Calibration, Threshold
from mlopsc.vocabulary.estimators import CustomEstimator, Estimator, booster_library
from mlopsc.vocabulary.evaluation import Baselines, Explanation, Intervals, Slice
from mlopsc.vocabulary.exports import ONNX_MODULES, OnnxExport
from mlopsc.vocabulary.hosts import Host
from mlopsc.vocabulary.metrics import CustomMetric, Metric
from mlopsc.vocabulary.names import FunctionReference
from mlopsc.vocabulary.operations.base import BaseOperation, Opening, Ports
from mlopsc.vocabulary.preprocessing import Preprocessing
from mlopsc.vocabulary.segments import Segment, Segments
from mlopsc.vocabulary.sources import FileSource
from mlopsc.vocabulary.splits import Split
from mlopsc.vocabulary.views import Join, RowFunction
from mlopsc.vocabulary.weights import ClassWeight


class Train(Opening):
    """Fit preprocessing and estimator on the train part, and say in what environment."""

    libraries = ("scikit-learn", "numpy", "scipy", "pandas", "skops")
    operation: Literal["train"] = "train"
    training: str
    estimator: Estimator
    params: dict[str, Any] = {}
    preprocess: Preprocessing = Preprocessing()
    class_weight: ClassWeight | None = None
    sample_weight: str | None = None
    """The column, a feature or an auxiliary one, that holds the weight of each row."""
    calibrate: Calibration | None = None
    threshold: Threshold | None = None
    split: Split | None = None
    """The way in which calibration and threshold hold out rows; None where neither does."""
    features: tuple[str, ...]
    label: str
    """The label's expression, kept in the model's signature."""
    seed: int
    example: bool = True
    """Whether the model's signature holds the first rows that it learned from."""
    tuned: bool = False
    """Whether parameters come from the best of the trials, over those of `params`."""
    for_each: Annotated[Segments | None, Field(exclude_if=lambda one: one is None)] = None
    """Fit a model for each segment, and put them together."""
    segment_by: Annotated[str | None, Field(exclude_if=lambda one: one is None)] = None
    segment: Annotated[Segment | None, Field(exclude_if=lambda one: one is None)] = None
    """Learn from the rows alone in which `segment_by` has this value."""

    def of_segment(self, value: Segment) -> "Train":
        """Return how the model of one segment is trained: on its rows, without the column that tells it."""
        assert self.for_each is not None, "there are segments"
        column = self.for_each.column
        return self.model_copy(
            update={
                "features": tuple(name for name in self.features if name != column),
                "preprocess": self.preprocess.without(column),
                "for_each": None,
                "segment_by": column,
                "segment": value,
            }
        )

    def of_all(self) -> "Train":
        """Return how the model for rows of other segments is trained: on all rows, as if there were no segments."""
        return self.model_copy(update={"for_each": None})

    def input_ports(self) -> Ports:
        return {"train": "table", **({"trials": "report"} if self.tuned else {})}

    def output_ports(self) -> Ports:
        return {"model": "model", "environment": "environment"}

    def engine_libraries(self) -> tuple[str, ...]:
        library = booster_library(self.estimator)
        return () if library is None else (library,)

    def functions(self) -> tuple[str, ...]:
        own = self.estimator.functions() if isinstance(self.estimator, CustomEstimator) else ()
        return own + self.preprocess.functions()


class Retraining(BaseOperation):
    """What trains as a training does, and so calls, opens and depends on what that does."""

    libraries = Train.libraries
    train: Train
    """How a model is trained; in a search, but for the parameters that are searched for."""

    def engine_libraries(self) -> tuple[str, ...]:
        return self.train.engine_libraries()

    def functions(self) -> tuple[str, ...]:
        return self.train.functions()

    def trusted(self) -> tuple[str, ...]:
        return self.train.trusted()


class CountSegments(BaseOperation):
    """Count the rows of each segment, and refuse to train where one has too few, or rows have no model.

    The report says `column`, `segments` (of each its `value` and how many rows of it `train` and `test` hold), `others`
    (likewise, the commonest 20 values that have no model of their own), `notes` and `failures`.
    """

    refuses = True
    operation: Literal["count_segments"] = "count_segments"
    training: str
    for_each: Segments

    def input_ports(self) -> Ports:
        return {"train": "table", "test": "table"}

    def output_ports(self) -> Ports:
        return {"report": "report"}


class Assemble(Retraining):
    """Put the models of segments together into one, which asks of each row the model of its segment.

    `train` says how all of them are trained, with the segments in the order of the models. Of the train part it reads
    what the signature tells of features, and the rows that it was trained on.
    """

    operation: Literal["assemble"] = "assemble"
    training: str

    def input_ports(self) -> Ports:
        segments = self.train.for_each
        assert segments is not None, "there are segments"
        models: Ports = {f"models_{index}": "model" for index in range(len(segments.values))}
        return {"train": "table", **models, **({"pooled": "model"} if segments.other == "pool" else {})}

    def output_ports(self) -> Ports:
        return {"model": "model", "environment": "environment"}


class Refit(Retraining):
    """Fit what was judged again on all rows, for the registry: the gates have judged the model of the train part.

    The model's signature tells by `refitted` the digest of the judged one, and its row hashes are those of both parts.
    """

    operation: Literal["refit"] = "refit"
    training: str

    def input_ports(self) -> Ports:
        return {"judged": "model", "train": "table", "test": "table"}

    def output_ports(self) -> Ports:
        return {"model": "model"}


class Evaluate(Opening):
    """Score a model on the test part, and keep the curves behind the scores for plots.

    Of the train part labels and times are read, for the naive forecasts that the scores are reported beside.
    """

    libraries = ("scikit-learn", "numpy", "scipy", "pandas", "skops", "pyarrow", "duckdb")
    operation: Literal["evaluate"] = "evaluate"
    training: str
    metrics: tuple[Metric, ...]
    baselines: Baselines = Baselines()
    slices: tuple[Slice, ...] = ()
    intervals: Intervals | None = None
    seed: int = 0
    """Of the intervals' resamples."""
    scored: bool = False
    """Whether to keep what the model says of each row, for gates that judge by it.

    Columns of `scored`, whose rows are the test part's in its order: `__row__`, `__label__`, `prediction`; of a
    classifier `probability_0`… by position in the model's classes, where it gives them or has been asked; and
    `decision_0`… likewise (of two classes one alone).
    """
    code: tuple[FunctionReference, ...] = ()
    """User functions that made the model: their modules hold its classes."""
    nested: int = 0
    """Outer folds whose searches tell what the training's own is worth: their scores go into the metrics' `nested`."""

    def input_ports(self) -> Ports:
        outer: Ports = {f"nested_{index}": "report" for index in range(self.nested)}
        return {"model": "model", "test": "table", "train": "table", **outer}

    def output_ports(self) -> Ports:
        outputs: Ports = {"metrics": "metrics", "curves": "report"}
        return outputs | {"scored": "table"} if self.scored else outputs

    def functions(self) -> tuple[str, ...]:
        own = tuple(metric.python for metric in self.metrics if isinstance(metric, CustomMetric))
        return own + self.code


class Explain(Opening):
    """Say what a model's answers hang on: permutation importance and partial dependence on rows of the test part."""

    libraries = ("scikit-learn", "numpy", "scipy", "pandas", "skops")
    operation: Literal["explain"] = "explain"
    training: str
    metric: Metric
    """By which a feature's importance is measured."""
    explanation: Explanation = Explanation()
    seed: int
    code: tuple[FunctionReference, ...] = ()
    """User functions that made the model: their modules hold its classes."""

    def input_ports(self) -> Ports:
        return {"model": "model", "test": "table"}

    def output_ports(self) -> Ports:
        return {"explanation": "report"}

    def functions(self) -> tuple[str, ...]:
        own = (self.metric.python,) if isinstance(self.metric, CustomMetric) else ()
        return own + self.code


class ExportOnnx(Opening):
    """Write a model as ONNX, unless it answers rows of the test part otherwise there.

    The report says `rows` (those compared), `largest` (the largest difference), `beyond` (how many rows differ by more
    than `tolerance`, or are decided otherwise), and `tolerance` and `allowed` (the share of such rows) as declared.
    """

    libraries = ("scikit-learn", "numpy", "scipy", "pandas", "skops", "onnx", *ONNX_MODULES)
    operation: Literal["export_onnx"] = "export_onnx"
    training: str
    onnx: OnnxExport = OnnxExport()
    code: tuple[FunctionReference, ...] = ()
    """User functions that made the model: their modules hold its classes."""

    def input_ports(self) -> Ports:
        return {"model": "model", "test": "table"}

    def output_ports(self) -> Ports:
        return {"onnx": "onnx", "report": "report"}

    def functions(self) -> tuple[str, ...]:
        return self.code


class Predict(Opening):
    """Predict for every row of a file: checked against the model's signature, features made as for training.

    Columns of `predictions`, in order: the primary key, or `row` (the number of the row in the input, from 1) where
    none is declared; the event time, if there is one; `prediction`; of a classifier that has them,
    `probability_CLASS` for each class; `model_digest`. Rows keep the input's order.
    """

    kind = "observe"
    libraries = ("duckdb", "pyarrow", "scikit-learn", "numpy", "scipy", "pandas", "skops")
    operation: Literal["predict"] = "predict"
    model: str
    training: str
    source: FileSource
    """The input. Its suffix tells its format; what a CSV source says of delimiter, nulls and encoding holds for CSV."""
    columns: dict[str, Column] = {}
    """Columns whose types the training's entities declare."""
    timezone: str | None = None
    primary_key: tuple[str, ...] = ()
    event_time: str | None = None
    where: str | None = None
    """SQL condition over the input's columns: for other rows nothing is predicted."""
    features: tuple[str, ...]
    joins: tuple[Join, ...] = ()
    rows: tuple[RowFunction, ...] = ()
    code: tuple[FunctionReference, ...] = ()
    """User functions that made the model: their modules hold its classes."""
    allow_hosts: tuple[Host, ...] = ()
    """As for `load`."""

    def input_ports(self) -> Ports:
        return {"model": "model", **{f"view_{join.view}": "table" for join in self.joins}}

    def output_ports(self) -> Ports:
        return {"predictions": "table", "report": "report"}

    def functions(self) -> tuple[str, ...]:
        return self.code + tuple(one.python for one in self.rows)

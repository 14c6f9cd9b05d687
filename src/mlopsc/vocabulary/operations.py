"""Every operation: its configuration, its ports, and of which kind it is.

A port is a named file that goes in or comes out. The kind decides caching: `pure` is a function of
configuration, inputs and code; `observe` looks at the world; `effect` changes it.
"""

from abc import abstractmethod
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import Field, TypeAdapter

from mlopsc.vocabulary.artifacts import ArtifactType
from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.checks import Check
from mlopsc.vocabulary.columns import Column, ColumnType
from mlopsc.vocabulary.contract import OnFailure, puts_aside
from mlopsc.vocabulary.drift import DriftTests
from mlopsc.vocabulary.engine import SparkEngine
from mlopsc.vocabulary.estimators import CustomEstimator, Estimator
from mlopsc.vocabulary.gates import ChampionGate, Gate, MetricGate
from mlopsc.vocabulary.hosts import Host
from mlopsc.vocabulary.leakage import Leakage
from mlopsc.vocabulary.lock import LockedDataset
from mlopsc.vocabulary.metrics import CustomMetric, Metric
from mlopsc.vocabulary.names import FunctionReference
from mlopsc.vocabulary.online import ServedFeature, ServedFunctions
from mlopsc.vocabulary.preprocessing import Preprocessing
from mlopsc.vocabulary.secrets import SecretSource
from mlopsc.vocabulary.sources import CsvSource, FileSource, PythonSource, SecretHandle, Source
from mlopsc.vocabulary.splits import Split
from mlopsc.vocabulary.time import Duration, Timestamp
from mlopsc.vocabulary.views import ENTITIES, Join, RowFunction, join_ports

Kind = Literal["pure", "observe", "effect"]
OTHER = "other_"
"""How a port's name begins that gives a validation another dataset."""
Ports = dict[str, ArtifactType]


class _Operation(Frozen):
    """What all operations share."""

    kind: ClassVar[Kind] = "pure"
    refuses: ClassVar[bool] = False
    """It may raise Refusal, and so is never retried."""
    light: ClassVar[bool] = False
    """It reads small JSON only, or copies a file, so the scheduler may run it in its own process."""
    libraries: ClassVar[tuple[str, ...]] = ()
    """Distributions whose versions change its result: part of the action key."""

    def input_ports(self) -> Ports:
        """Return the inputs: port → type."""
        return {}

    @abstractmethod
    def output_ports(self) -> Ports:
        """Return the outputs: port → type."""

    def functions(self) -> tuple[str, ...]:
        """Return references to the user functions that it calls."""
        return ()

    def engine_libraries(self) -> tuple[str, ...]:
        """Return the distributions that its engine adds to `libraries`."""
        return ()


class _Relational(_Operation):
    """What is computed by an engine: DuckDB, or Spark where it says so."""

    engine: Annotated[SparkEngine | None, Field(exclude_if=lambda engine: engine is None)] = None
    """Part of the key: floats may differ in their last digits. Left out of it for DuckDB."""

    def engine_libraries(self) -> tuple[str, ...]:
        return () if self.engine is None else ("duckdb", "pyspark", "sqlglot")


class Load(_Operation):
    """Read a source into one Parquet file: file order, declared types, every timestamp an instant in UTC.

    Where lines that cannot be read are put aside, `rejected` holds them: file, line, reason and text.
    """

    kind = "observe"
    libraries = ("duckdb", "pyarrow")
    operation: Literal["load"] = "load"
    dataset: str
    source: Source
    columns: dict[str, Column] = {}
    primary_key: tuple[str, ...] = ()
    """Orders the rows of a source that has no order of its own."""
    event_time: str | None = None
    timezone: str | None = None
    secrets: dict[str, SecretSource] = {}
    allow_hosts: tuple[Host, ...] = ()
    """Hosts from which data may be fetched though they are not of the public internet."""

    def output_ports(self) -> Ports:
        if isinstance(self.source, CsvSource) and self.source.bad_lines == "quarantine":
            return {"data": "dataset", "rejected": "table"}
        return {"data": "dataset"}

    def functions(self) -> tuple[str, ...]:
        return (self.source.python,) if isinstance(self.source, PythonSource) else ()


class Validate(_Relational):
    """Check a dataset against its contract; refuse when a check that blocks fails.

    Where a check may put rows aside, `data` are the rows that are left, and `rejected` the others with the reason.
    """

    refuses = True
    libraries = ("duckdb", "pyarrow")
    operation: Literal["validate"] = "validate"
    dataset: str
    columns: dict[str, Column] = {}
    primary_key: tuple[str, ...] = ()
    event_time: str | None = None
    checks: tuple[Check, ...] = ()
    on_failure: OnFailure = "block"
    """What the failure of columns, key, and checks that say nothing else comes to."""
    lock: LockedDataset | None = None
    """What `mlops.lock` recorded; a difference is told in the report."""
    locked: bool = False
    """Refuse data that differ from the lock, or that it does not know."""

    def functions(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for check in self.checks for name in check.functions()))

    def engine_libraries(self) -> tuple[str, ...]:
        compared = any(check.expect == "distribution_unchanged" for check in self.checks)
        frames = ("pandas", "numpy") if self.functions() or compared else ()
        return super().engine_libraries() + frames + (("scipy",) if compared else ())

    def input_ports(self) -> Ports:
        others: Ports = {f"{OTHER}{name}": "dataset" for check in self.checks for name in check.others()}
        return {"data": "dataset", **others}

    def output_ports(self) -> Ports:
        if puts_aside(self.on_failure, self.columns, self.primary_key, self.checks):
            return {"report": "report", "data": "dataset", "rejected": "table"}
        return {"report": "report"}


class SqlView(_Relational):
    """Run a SELECT over datasets and views; each input port is a table of that name."""

    libraries = ("duckdb", "pyarrow")
    operation: Literal["sql_view"] = "sql_view"
    view: str
    sql: str
    tables: tuple[str, ...]
    order: tuple[str, ...] = ()
    """The result's total order begins with these columns; all columns follow."""

    def input_ports(self) -> Ports:
        return dict.fromkeys(self.tables, "table")

    def output_ports(self) -> Ports:
        return {"table": "table"}


class Transform(_Operation):
    """Call a user's function on tables: `f(table, …) -> table`, pandas frames in the order of `tables`."""

    libraries = ("duckdb", "pyarrow", "pandas", "numpy")
    operation: Literal["transform"] = "transform"
    view: str
    python: FunctionReference
    tables: tuple[str, ...]
    columns: dict[str, ColumnType] = {}
    """The declared output; a result that differs in names or types is an error."""
    args: dict[str, Any] = {}

    def input_ports(self) -> Ports:
        return dict.fromkeys(self.tables, "table")

    def output_ports(self) -> Ports:
        return {"table": "table"}

    def functions(self) -> tuple[str, ...]:
        return (self.python,)


class Features(_Relational):
    """Make the feature table: entity rows chosen by time and `where`, with joined and plain columns.

    Columns of the result, in order: `__row__`, `__time__` (when there is an event time), `__group__` and `__entity__`
    (when asked for), the features in the declared order, `__label__` (when there is a label; rows whose label is
    null are left out). Rows keep the entities' order.
    """

    libraries = ("duckdb", "pyarrow", "pandas", "numpy")
    operation: Literal["features"] = "features"
    training: str
    primary_key: tuple[str, ...] = ()
    """Identifies a row; without it, all columns of the entities do."""
    event_time: str | None = None
    where: str | None = None
    """SQL condition over the entities' columns: the population."""
    until: Timestamp | None = None
    """Rows whose event time is later are left out."""
    window: Duration | None = None
    """Only rows with event time in (until - window, until]."""
    label: str | None = None
    """SQL expression over the entities' columns."""
    group: str | None = None
    entity: tuple[str, ...] = ()
    """Columns of the entities that are hashed into `__entity__`."""
    features: tuple[str, ...]
    """Column names of the result: columns of the entities, or of a join."""
    joins: tuple[Join, ...] = ()
    rows: tuple[RowFunction, ...] = ()
    """Functions whose columns may be features, in the order in which they are called."""

    def input_ports(self) -> Ports:
        return {ENTITIES: "table", **dict.fromkeys(join_ports(self.joins).values(), "table")}

    def output_ports(self) -> Ports:
        return {"table": "table"}

    def functions(self) -> tuple[str, ...]:
        return tuple(one.python for one in self.rows)


class SplitRows(_Operation):
    """Divide labelled rows into a train and a test part; each keeps the order of the rows.

    The report says what stands in both parts, and how well each feature tells the label by itself; refuses when a
    feature gives it away.
    """

    refuses = True
    libraries = ("duckdb", "pyarrow", "numpy")
    operation: Literal["split"] = "split"
    training: str
    split: Split
    seed: int
    leakage: Leakage = Leakage()
    entity: tuple[str, ...] = ()
    """The columns behind the table's `__entity__`, for words."""

    def input_ports(self) -> Ports:
        return {"table": "table"}

    def output_ports(self) -> Ports:
        return {"train": "table", "test": "table", "report": "report"}


class Train(_Operation):
    """Fit preprocessing and estimator on the train part."""

    libraries = ("scikit-learn", "numpy", "scipy", "pandas", "skops")
    operation: Literal["train"] = "train"
    training: str
    estimator: Estimator
    params: dict[str, Any] = {}
    preprocess: Preprocessing = Preprocessing()
    features: tuple[str, ...]
    label: str
    """The label's expression, kept in the model's signature."""
    seed: int

    def input_ports(self) -> Ports:
        return {"train": "table"}

    def output_ports(self) -> Ports:
        return {"model": "model"}

    def functions(self) -> tuple[str, ...]:
        own = (self.estimator.python,) if isinstance(self.estimator, CustomEstimator) else ()
        return own + ((self.preprocess.python,) if self.preprocess.python else ())


class Evaluate(_Operation):
    """Score a model on the test part, and keep the curves behind the scores for plots."""

    libraries = ("scikit-learn", "numpy", "scipy", "pandas", "skops")
    operation: Literal["evaluate"] = "evaluate"
    training: str
    metrics: tuple[Metric, ...]
    code: tuple[FunctionReference, ...] = ()
    """User functions that made the model: their modules hold its classes."""

    def input_ports(self) -> Ports:
        return {"model": "model", "test": "table"}

    def output_ports(self) -> Ports:
        return {"metrics": "metrics", "curves": "report"}

    def functions(self) -> tuple[str, ...]:
        own = tuple(metric.python for metric in self.metrics if isinstance(metric, CustomMetric))
        return own + self.code


class Profile(_Relational):
    """Summarise the train part's features: what a monitor compares with."""

    libraries = ("numpy", "pandas", "pyarrow")
    operation: Literal["profile"] = "profile"
    training: str
    features: tuple[str, ...]

    def input_ports(self) -> Ports:
        return {"train": "table"}

    def output_ports(self) -> Ports:
        return {"profile": "profile"}


class ResolveChampion(_Operation):
    """Fetch the model of the version that holds a stage, or `none`."""

    kind = "observe"
    operation: Literal["resolve_champion"] = "resolve_champion"
    model: str
    stage: str

    def output_ports(self) -> Ports:
        return {"champion": "model"}


class ResolveReference(_Operation):
    """Fetch the profile of the version that holds a stage; it is an error when none does."""

    kind = "observe"
    operation: Literal["resolve_reference"] = "resolve_reference"
    model: str
    stage: str

    def output_ports(self) -> Ports:
        return {"profile": "profile"}


class ResolveModel(_Operation):
    """Fetch the model of the version that is asked for; it is an error when there is none."""

    kind = "observe"
    light = True
    operation: Literal["resolve_model"] = "resolve_model"
    model: str
    version: str
    """A stage, or a version's number."""

    def output_ports(self) -> Ports:
        return {"model": "model"}


class Predict(_Operation):
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


class Materialize(_Relational):
    """Write what the join would give each entity of a timed view at an instant to the online store.

    An older materialization never takes the place of a newer one. `ttl` is applied when values are read.
    """

    kind = "effect"
    libraries = ("duckdb", "pyarrow")
    operation: Literal["materialize"] = "materialize"
    project: str
    """Stores are shared: views are those of a project."""
    view: Join
    until: Timestamp
    """The instant as of which the values hold."""
    online_store: SecretHandle | str | None = None
    """A path, or a URL; None means the environment's `MLOPSC_ONLINE_STORE_URL`, else the project's own file."""
    secrets: dict[str, SecretSource] = {}
    types: dict[str, ColumnType] = {}
    """Types of keys (by the entities' names) and columns, as far as they are known before the run."""
    trainings: dict[str, tuple[ServedFeature, ...]] = {}
    """The trainings that take this view, with all their features."""
    rows: dict[str, ServedFunctions] = {}
    """Of these trainings, those that have features made of each row."""

    def input_ports(self) -> Ports:
        return {"table": "table"}

    def output_ports(self) -> Ports:
        return {"report": "report"}

    def functions(self) -> tuple[str, ...]:
        return tuple(one.python for served in self.rows.values() for one in served.functions)


class JudgeMetric(_Operation):
    """Judge a metric gate."""

    light = True
    operation: Literal["judge_metric"] = "judge_metric"
    name: str
    gate: MetricGate

    def input_ports(self) -> Ports:
        return {"metrics": "metrics"}

    def output_ports(self) -> Ports:
        return {"decision": "decision"}


class JudgeChampion(_Operation):
    """Judge a champion gate: both models on the test rows that neither was trained on."""

    libraries = ("scikit-learn", "numpy", "scipy", "pandas", "skops")
    operation: Literal["judge_champion"] = "judge_champion"
    name: str
    gate: ChampionGate
    metric: Metric
    """The gate's metric as the training declares it."""
    code: tuple[FunctionReference, ...] = ()

    def input_ports(self) -> Ports:
        return {"candidate": "model", "champion": "model", "test": "table"}

    def output_ports(self) -> Ports:
        return {"decision": "decision"}

    def functions(self) -> tuple[str, ...]:
        own = (self.metric.python,) if isinstance(self.metric, CustomMetric) else ()
        return own + self.code


class StageRule(Frozen):
    """A stage of a model, in order, with the gates that it requires."""

    stage: str
    gates: tuple[str, ...] = ()


class Register(_Operation):
    """Enter a version in the registry and give it the first stage, unless a gate of that stage failed.

    The gates' configurations are frozen with the version: a later promotion is judged by them.
    """

    kind = "effect"
    operation: Literal["register"] = "register"
    model: str
    training: str
    stages: Annotated[tuple[StageRule, ...], Field(min_length=1)]
    gates: dict[str, Gate] = {}
    metrics: tuple[Metric, ...] = ()
    """How each gate's metric is computed, for promotions."""
    code: tuple[FunctionReference, ...] = ()
    """User functions whose modules hold the model's classes: what a promotion may load."""
    lineage_code: tuple[FunctionReference, ...] = ()
    """User functions that made its training data (sources, transforms): part of the lineage, never loaded."""
    owner: str | None = None
    """Who answered for the project when the version was made: part of the lineage."""
    datasets: tuple[str, ...] = ()
    """The datasets behind the model; their validation reports carry their digests into the lineage."""
    parameters: dict[str, Any] = {}
    """The run's parameters that the training depends on: part of the lineage."""
    spec_digest: str
    """Digest of everything in the spec that made the model: part of the lineage."""

    def input_ports(self) -> Ports:
        reports: Ports = {f"report_{name}": "report" for name in self.datasets}
        decisions: Ports = {f"decision_{name}": "decision" for name in self.gates}
        inputs: Ports = {"model": "model", "metrics": "metrics", "curves": "report"}
        inputs |= {"profile": "profile", "test": "table"}
        return inputs | reports | decisions

    def output_ports(self) -> Ports:
        return {"decision": "decision"}

    def functions(self) -> tuple[str, ...]:
        return self.code + self.lineage_code


class Verdict(_Operation):
    """Fail the run when a declared rule said no: a blocked registration, a free gate, a monitor's drift."""

    refuses = True
    light = True
    operation: Literal["verdict"] = "verdict"
    decisions: tuple[str, ...]
    """Input ports; each is a decision or a drift report."""

    def input_ports(self) -> Ports:
        return dict.fromkeys(self.decisions, "decision")

    def output_ports(self) -> Ports:
        return {"decision": "decision"}


class Drift(_Relational):
    """Compare current features with the reference profile."""

    libraries = ("numpy", "scipy", "pandas", "pyarrow")
    operation: Literal["drift"] = "drift"
    monitor: str
    features: tuple[str, ...]
    tests: DriftTests = DriftTests()

    def input_ports(self) -> Ports:
        return {"profile": "profile", "table": "table"}

    def output_ports(self) -> Ports:
        return {"report": "report", "decision": "decision"}


Operation = (
    Load
    | Validate
    | SqlView
    | Transform
    | Features
    | SplitRows
    | Train
    | Evaluate
    | Profile
    | ResolveChampion
    | ResolveReference
    | ResolveModel
    | Predict
    | Materialize
    | JudgeMetric
    | JudgeChampion
    | Register
    | Verdict
    | Drift
)
OPERATION: TypeAdapter[Operation] = TypeAdapter(Annotated[Operation, Field(discriminator="operation")])
"""Reads any operation's configuration."""


_CLASSES: dict[str, type[Operation]] = {
    kind.model_fields["operation"].default: kind for kind in get_args(Operation)
}


def operation_class(name: str) -> type[Operation]:
    """Return the model of an operation by its name; raises KeyError."""
    return _CLASSES[name]

"""Operations from entities to features: joined rows, the split, profiles and drift, and what is served online."""

from typing import Literal

from mlopsc.vocabulary.columns import ColumnType
from mlopsc.vocabulary.drift import DriftTests
from mlopsc.vocabulary.leakage import Leakage
from mlopsc.vocabulary.online import ServedFeature, ServedFunctions
from mlopsc.vocabulary.operations.base import BaseOperation, Ports, Relational
from mlopsc.vocabulary.secrets import SecretSource
from mlopsc.vocabulary.sources import SecretHandle
from mlopsc.vocabulary.splits import Split
from mlopsc.vocabulary.time import Duration, Timestamp
from mlopsc.vocabulary.views import ENTITIES, Join, RowFunction, join_ports


class Features(Relational):
    """Make the feature table: entity rows chosen by time and `where`, with joined and plain columns.

    Columns of the result, in order: `__row__`, `__time__` (when there is an event time), `__group__` and `__entity__`
    (when asked for), `__aux__NAME` of each auxiliary column, the features in the declared order, `__label__` (when
    there is a label; rows whose label is null are left out). Rows keep the entities' order.
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
    auxiliary: tuple[str, ...] = ()
    """Columns of the entities that are no features, kept for what else asks for them."""
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


class SplitRows(BaseOperation):
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


class Profile(Relational):
    """Summarise the train part's features: what a monitor compares with."""

    libraries = ("numpy", "pandas", "pyarrow")
    operation: Literal["profile"] = "profile"
    training: str
    features: tuple[str, ...]

    def input_ports(self) -> Ports:
        return {"train": "table"}

    def output_ports(self) -> Ports:
        return {"profile": "profile"}


class Drift(Relational):
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


class Materialize(Relational):
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

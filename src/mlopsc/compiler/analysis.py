"""What the passes know and find out about one spec: the spec, the project, the schemas of its tables."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Literal, Protocol, TypeVar

from mlopsc.compiler.catalogue import Catalogue, EstimatorInfo
from mlopsc.diagnostics.diagnostic import Span
from mlopsc.plan.graph import dependencies_first
from mlopsc.spec.datasets import Dataset
from mlopsc.spec.features import PythonView, SqlView, TimedView
from mlopsc.spec.registry import Model
from mlopsc.spec.spec import Spec
from mlopsc.spec.training import Training
from mlopsc.sql import Binder
from mlopsc.vocabulary.columns import Column
from mlopsc.vocabulary.estimators import booster_library
from mlopsc.vocabulary.gates import DataGate, Gate
from mlopsc.vocabulary.lock import Lock
from mlopsc.vocabulary.references import Scalar, literal
from mlopsc.vocabulary.secrets import SecretSource
from mlopsc.vocabulary.sources import SecretHandle, Source
from mlopsc.vocabulary.splits import RandomSplit, StratifiedSplit

T = TypeVar("T")
NESTED = "INTEGER[]"
"""What stands in the binder for a column that is nested: of which kind, nothing tells before the run."""


class Peek(Protocol):
    """Reads names and types (ours) of the columns that loading a source will give, without loading it."""

    def __call__(
        self, source: Source, columns: Mapping[str, Column], *, project: Path, timezone: str | None = None
    ) -> Mapping[str, str] | None:
        """Return column → type, None when only a run can tell.

        Raises MlopscError when the source is missing, or its columns are not as declared.
        """
        ...


@dataclass(frozen=True)
class Elsewhere:
    """A construct in the SQL of a view by which a value takes in other rows than those before its own."""

    kind: Literal["later", "all"]
    """Later rows, or all rows of a table."""
    words: str
    parted: bool
    """Of `all`: whether only the rows of a partition."""
    reach: timedelta | None
    """Of `later`: how far ahead, where that is known."""
    span: Span


@dataclass(frozen=True)
class Schema:
    """Columns of a table in DuckDB's types; a type of None is not known."""

    columns: Mapping[str, str | None]
    complete: bool
    """Whether the table has no columns but these."""
    lineage: Mapping[str, frozenset[tuple[str, str]]] = field(default_factory=dict)
    """For an SQL view: the (table, column) pairs, of tables that are no SQL views, that each column is made of."""
    elsewhere: Mapping[str, frozenset[Elsewhere]] = field(default_factory=dict)
    """For an SQL view: what makes columns depend on other rows than those before, here or in the views it reads."""
    beginnings: Mapping[str, timedelta | None] = field(default_factory=dict)
    """For an SQL view: columns that begin a stretch of time whose rows are aggregated, with its length."""


@dataclass
class Analysis:
    """The state that passes share; the schemas pass fills in what is known of tables."""

    spec: Spec
    project: Path
    peek: Peek
    binder: Binder
    lock: Lock | None = None
    locked: bool = False
    variables: Mapping[str, Scalar] = field(default_factory=dict)
    """Values of the spec's variables, which are filled in already."""
    overrides: Mapping[str, str] = field(default_factory=dict)
    """Those that the compile was given, as text."""
    unused_variables: tuple[str, ...] = ()
    schemas: dict[str, Schema] = field(default_factory=dict)
    bindable: set[str] = field(default_factory=set)
    """Tables that the binder knows: all their columns have known types."""
    nested: set[str] = field(default_factory=set)
    """Tables with columns that the binder knows by a stand-in, so that what it says of types may be wrong."""
    tables_of_view: dict[str, tuple[str, ...]] = field(default_factory=dict)
    opaque: set[str] = field(default_factory=set)
    """Views of which it is not known what they read."""
    labels: dict[str, tuple[str, frozenset[str]]] = field(default_factory=dict)
    """Training → the label's type and the columns of the entities that it is made of."""

    @property
    def owner(self) -> str | None:
        """Who answers for the project."""
        return self.spec.project.owner if self.spec.project else None

    @cached_property
    def defaults(self) -> dict[str, Scalar]:
        """The parameters that have a sound default, with it in the form that configurations hold."""
        found = {n: p.sample for n, p in self.spec.entries("parameters") if p.default is not None}
        return {name: literal(value) if isinstance(value, str) else value for name, value in found.items()}

    @cached_property
    def samples(self) -> dict[str, Scalar]:
        """A value for every parameter: the default, else some value of the type."""
        return {name: parameter.sample for name, parameter in self.spec.entries("parameters")} | self.defaults

    @cached_property
    def catalogue(self) -> Catalogue:
        """What is known of the estimators that trainings may name, looked up when it is first asked for."""
        named = (booster_library(training.estimator) for _, training in self.spec.entries("training"))
        return Catalogue.load(libraries=dict.fromkeys(name for name in named if name))

    def estimator(self, training: Training) -> EstimatorInfo | None:
        """Return what is known of a training's estimator; None of a user's function, and of one that there is not."""
        path = training.estimator
        return self.catalogue.estimator(path) if isinstance(path, str) else None

    def is_table(self, name: str) -> bool:
        """Say whether a name is a dataset, or a view that makes a table."""
        view = self.spec.features.get(name)
        return name in self.spec.datasets or isinstance(view, SqlView | PythonView)

    def dataset(self, name: str) -> Dataset:
        """Return a sound dataset; raises KeyError for another."""
        return _sound(self.spec.datasets.get(name), name)

    def training(self, name: str) -> Training:
        """Return a sound training; raises KeyError for another."""
        return _sound(self.spec.training.get(name), name)

    def model(self, name: str) -> Model:
        """Return a sound model; raises KeyError for another."""
        return _sound(self.spec.registry.get(name), name)

    def needs(self, view: str) -> tuple[str, ...]:
        """Return the tables that an SQL or Python view reads, in its own order."""
        return self.tables_of_view.get(view, ())

    def views_in_order(self) -> tuple[str, ...]:
        """Return all views that make tables so that each comes after those that it reads."""
        edges = {name: self.needs(name) for name in self.spec.features if self.is_table(name)}
        return tuple(name for name in dependencies_first(edges) if name in edges)

    def bases(self, table: str, column: str) -> frozenset[tuple[str, str]]:
        """Return the (table, column) pairs that a column is made of: itself, unless the table is an SQL view."""
        schema = self.schemas.get(table)
        if schema is None or not schema.lineage:
            return frozenset({(table, column)})
        return schema.lineage.get(column, frozenset())

    def elsewhere(self, table: str, column: str) -> frozenset[Elsewhere]:
        """Return what makes a column depend on other rows than those before its own."""
        schema = self.schemas.get(table)
        return frozenset() if schema is None else schema.elsewhere.get(column, frozenset())

    def roots(self, table: str) -> frozenset[str]:
        """Return a table and everything that it is made of."""
        found: dict[str, None] = {}
        waiting = [table]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found[name] = None
                waiting += self.needs(name)
        return frozenset(found)

    def primary_key(self, table: str) -> tuple[str, ...]:
        """Return the declared primary key of a dataset or view, or ()."""
        entry = self.spec.datasets.get(table) or self.spec.features.get(table)
        return (entry.primary_key or ()) if isinstance(entry, Dataset | SqlView | PythonView) else ()

    def event_time(self, table: str) -> str | None:
        """Return the declared event time of a dataset or view."""
        entry = self.spec.datasets.get(table) or self.spec.features.get(table)
        return entry.event_time if isinstance(entry, Dataset | SqlView | PythonView) else None

    def lacks_event_time(self, table: str) -> bool:
        """Say whether a sound table has no event time."""
        entry = self.spec.datasets.get(table) or self.spec.features.get(table)
        return isinstance(entry, Dataset | SqlView | PythonView) and entry.event_time is None

    def timed_views(self, training: Training) -> Iterator[tuple[str, TimedView]]:
        """Yield the views that a training's features are joined from."""
        for name in training.features:
            view = self.spec.features.get(name)
            if isinstance(view, TimedView):
                yield name, view

    def repeated_keys(self, training: Training) -> tuple[str, ...]:
        """Return the keys of the views joined, when rows that share them may be divided by chance; else ()."""
        if not isinstance(training.split, RandomSplit | StratifiedSplit):
            return ()
        keys = {key: None for _, view in self.timed_views(training) for key in view.keys}
        unique = self.primary_key(training.entities.table)
        return () if unique and keys.keys() >= set(unique) else tuple(keys)

    def gates_of(self, training: str) -> Mapping[str, Gate]:
        """Return the sound gates that judge a training, one of data with the datasets that it judges."""
        return {name: self._filled(gate) for name, gate in self._gates.get(training, {}).items()}

    def datasets_of(self, training: Training) -> tuple[str, ...]:
        """Return the datasets that a training's rows and features are made of, as the spec orders them."""
        tables = [training.entities.table, *(view.table for _, view in self.timed_views(training))]
        behind = frozenset[str]().union(*map(self.roots, tables))
        return tuple(name for name in self.spec.datasets if name in behind)

    def has_contract(self, dataset: str) -> bool:
        """Say whether a dataset, when it is sound, declares anything that its rows are checked for."""
        found = self.spec.datasets.get(dataset)
        return found is None or bool(found.columns or found.primary_key or found.checks)

    def _filled(self, gate: Gate) -> Gate:
        training = self.spec.training.get(gate.training)
        if not isinstance(gate, DataGate) or gate.datasets is not None or training is None:
            return gate
        found = tuple(name for name in self.datasets_of(training) if self.has_contract(name))
        return gate.model_copy(update={"datasets": found})

    def models_of(self, training: str) -> Mapping[str, Model]:
        """Return the sound models that a training makes."""
        return self._models.get(training, {})

    def stages_requiring(self, gate: str) -> list[tuple[str, str]]:
        """Return (model, stage) of each stage that requires a gate."""
        return self._stages.get(gate, [])

    def guarded_stage(self, gate: str) -> tuple[str, str]:
        """Return the one stage that requires a champion gate."""
        (found,) = self.stages_requiring(gate)
        return found

    def free_gates(self, training: str) -> Iterator[str]:
        """Yield the gates of a training that no stage requires: they fail the run by themselves."""
        for name in self.gates_of(training):
            if not self.stages_requiring(name):
                yield name

    def secrets_of(self, source: Source) -> dict[str, SecretSource]:
        """Return the declared secrets that a source names."""
        declared = self.spec.secrets
        names = sorted({name for _, name in secrets_in(source)})
        return {name: found for name in names if (found := declared.get(name)) is not None}

    @cached_property
    def _gates(self) -> dict[str, dict[str, Gate]]:
        found: dict[str, dict[str, Gate]] = {}
        for name, gate in self.spec.entries("gates"):
            found.setdefault(gate.training, {})[name] = gate
        return found

    @cached_property
    def _models(self) -> dict[str, dict[str, Model]]:
        found: dict[str, dict[str, Model]] = {}
        for name, model in self.spec.entries("registry"):
            found.setdefault(model.training, {})[name] = model
        return found

    @cached_property
    def _stages(self) -> dict[str, list[tuple[str, str]]]:
        found: dict[str, list[tuple[str, str]]] = {}
        for name, model in self.spec.entries("registry"):
            for stage, rule in model.stages.items():
                for gate in dict.fromkeys(rule.gates):
                    found.setdefault(gate, []).append((name, stage))
        return found


def secrets_in(source: Source) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the secrets that a source names, each with the path of its handle below the source."""
    for key in type(source).model_fields:
        yield from _handles(getattr(source, key), (key,))


def _handles(value: object, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    match value:
        case SecretHandle():
            yield path, value.secret
        case {"secret": str(name), **rest} if not rest:
            yield path, name
        case dict():
            for key, item in value.items():
                yield from _handles(item, (*path, key))
        case list():
            for index, item in enumerate(value):
                yield from _handles(item, (*path, index))


def _sound(entry: T | None, name: str) -> T:
    if entry is None:
        raise KeyError(name)
    return entry

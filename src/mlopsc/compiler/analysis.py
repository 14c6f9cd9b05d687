"""What the passes know and find out about one spec: the spec, the project, the schemas of its tables."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from mlopsc.plan.graph import dependencies_first
from mlopsc.spec.datasets import Dataset
from mlopsc.spec.features import PythonView, SqlView, TimedView
from mlopsc.spec.registry import Model
from mlopsc.spec.spec import Spec
from mlopsc.spec.training import Training
from mlopsc.vocabulary.gates import Gate
from mlopsc.vocabulary.lock import Lock
from mlopsc.vocabulary.secrets import SecretSource
from mlopsc.vocabulary.sources import SecretHandle, Source

T = TypeVar("T")

Peek = Callable[[Source, Path], Mapping[str, str] | None]
"""Reads names and types of a source's columns from header or footer; None when they cannot be known yet."""


@dataclass(frozen=True)
class Schema:
    """Columns of a table in DuckDB's types; a type of None is not known."""

    columns: Mapping[str, str | None]
    complete: bool
    """Whether the table has no columns but these."""
    lineage: Mapping[str, frozenset[tuple[str, str]]] = field(default_factory=dict)
    """For a view: the (table, column) pairs that each column is made of."""

    @property
    def bindable(self) -> bool:
        """Whether SQL over this table can be bound: all columns and types are known."""
        return self.complete and bool(self.columns) and None not in self.columns.values()


@dataclass
class Analysis:
    """The state that passes share; `schemas` and `tables_of_view` are filled in by the schemas pass."""

    spec: Spec
    project: Path
    peek: Peek
    lock: Lock | None = None
    locked: bool = False
    schemas: dict[str, Schema] = field(default_factory=dict)
    tables_of_view: dict[str, tuple[str, ...]] = field(default_factory=dict)
    labels: dict[str, tuple[str, frozenset[str]]] = field(default_factory=dict)
    """Training → the label's type and the columns of the entities that it is made of."""

    @property
    def owner(self) -> str | None:
        """Who answers for the project."""
        return self.spec.project.owner if self.spec.project else None

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

    def tables_in_order(self) -> tuple[str, ...]:
        """Return all views that make tables so that each comes after those that it reads."""
        edges = {name: self.needs(name) for name in self.spec.features if self.is_table(name)}
        return tuple(name for name in dependencies_first(edges) if name in edges)

    def primary_key(self, table: str) -> tuple[str, ...]:
        """Return the declared primary key of a dataset or view, or ()."""
        entry = self.spec.datasets.get(table) or self.spec.features.get(table)
        return (entry.primary_key or ()) if isinstance(entry, Dataset | SqlView | PythonView) else ()

    def event_time(self, table: str) -> str | None:
        """Return the declared event time of a dataset or view."""
        entry = self.spec.datasets.get(table) or self.spec.features.get(table)
        return entry.event_time if isinstance(entry, Dataset | SqlView | PythonView) else None

    def timed_views(self, training: Training) -> Iterator[tuple[str, TimedView]]:
        """Yield the views that a training's features are joined from."""
        for name in training.features:
            view = self.spec.features.get(name)
            if isinstance(view, TimedView):
                yield name, view

    def gates_of(self, training: str) -> Iterator[tuple[str, Gate]]:
        """Yield the sound gates that judge a training."""
        for name, gate in self.spec.entries("gates"):
            if gate.training == training:
                yield name, gate

    def models_of(self, training: str) -> Iterator[tuple[str, Model]]:
        """Yield the sound models that a training makes."""
        for name, model in self.spec.entries("registry"):
            if model.training == training:
                yield name, model

    def stages_requiring(self, gate: str) -> list[tuple[str, str]]:
        """Return (model, stage) of each stage that requires a gate."""
        return [
            (name, stage)
            for name, model in self.spec.entries("registry")
            for stage, rule in model.stages.items()
            if gate in rule.gates
        ]

    def guarded_stage(self, gate: str) -> tuple[str, str]:
        """Return the one stage that requires a champion gate."""
        (found,) = self.stages_requiring(gate)
        return found

    def free_gates(self, training: str) -> Iterator[str]:
        """Yield the gates of a training that no stage requires: they fail the run by themselves."""
        for name, _ in self.gates_of(training):
            if not self.stages_requiring(name):
                yield name

    def secrets_of(self, source: Source) -> dict[str, SecretSource]:
        """Return the declared secrets that a source names."""
        options = getattr(source, "storage_options", None) or getattr(source, "args", {})
        names = {value.secret for value in options.values() if isinstance(value, SecretHandle)}
        names |= {value["secret"] for value in options.values() if _is_handle(value)}
        declared = self.spec.secrets
        return {name: found for name in sorted(names) if (found := declared.get(name)) is not None}


def _is_handle(value: object) -> bool:
    return isinstance(value, dict) and set(value) == {"secret"} and isinstance(value["secret"], str)


def _sound(entry: T | None, name: str) -> T:
    if entry is None:
        raise KeyError(name)
    return entry

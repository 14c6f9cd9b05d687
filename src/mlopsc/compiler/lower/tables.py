"""Lowering of what makes tables: datasets with their contracts, SQL views, Python views."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.lower.sources import lowered_source, ordering_key
from mlopsc.compiler.lower.steps import make_step
from mlopsc.plan.plan import Artifact, Step
from mlopsc.spec.datasets import Dataset
from mlopsc.spec.features import PythonView, SqlView
from mlopsc.vocabulary import operations as op
from mlopsc.vocabulary.engine import SparkEngine


@dataclass
class Tables:
    """The steps that make tables, each made once however many ask for it."""

    analysis: Analysis
    steps: dict[str, Step] = field(default_factory=dict)

    @property
    def engine(self) -> SparkEngine | None:
        """What computes the tables, None for DuckDB."""
        declared = self.analysis.spec.infrastructure.engine
        return declared if isinstance(declared, SparkEngine) else None

    def artifact(self, table: str) -> Artifact:
        """Return the artifact of a dataset or view, adding the steps that make it."""
        for needed in self._to_be_made(table):
            if needed in self.analysis.spec.datasets:
                self._dataset(needed)
            else:
                self._view(needed)
        return self._artifact(table)

    def _artifact(self, table: str) -> Artifact:
        if table in self.analysis.spec.datasets:
            checked = self.analysis.dataset(table).quarantines
            return Artifact(step=f"{'validate' if checked else 'load'}_{table}", port="data")
        return Artifact(step=f"view_{table}", port="table")

    def _to_be_made(self, table: str) -> list[str]:
        """Return the tables that have no steps yet, each after those that it needs; chains may be long."""
        order: list[str] = []
        seen: set[str] = set()
        waiting = [(table, False)]
        while waiting:
            name, ready = waiting.pop()
            if ready:
                order.append(name)
            elif name not in seen and self._artifact(name).step not in self.steps:
                seen.add(name)
                waiting.append((name, True))
                waiting += [(need, False) for need in reversed(self.analysis.needs(name))]
        return order

    def after(self, tables: tuple[str, ...]) -> tuple[str, ...]:
        """Return the validations that must have passed before these tables are read, but for those that make them."""
        names = [table for table in tables if table in self.analysis.spec.datasets]
        return tuple(f"validate_{table}" for table in names if not self.analysis.dataset(table).quarantines)

    def _dataset(self, name: str) -> None:
        dataset = self.analysis.dataset(name)
        document, origin = self.analysis.spec.document, ("datasets", name)
        used = self.analysis.secrets_of(dataset.source)
        others = dict.fromkeys(other for check in dataset.checks for other in check.others())
        lock = self.analysis.lock.datasets.get(name) if self.analysis.lock else None
        load = make_step(
            f"load_{name}",
            op.Load,
            document,
            origin,
            policy=dataset.policy,
            dataset=name,
            source=lowered_source(self.analysis, dataset, lock),
            columns=dataset.columns,
            primary_key=ordering_key(dataset),
            event_time=dataset.event_time,
            timezone=dataset.timezone,
            secrets=used,
            allow_hosts=self.analysis.spec.infrastructure.allow_hosts,
        )
        validate = make_step(
            f"validate_{name}",
            op.Validate,
            document,
            origin,
            inputs={
                "data": Artifact(step=load.name, port="data"),
                **{f"{op.OTHER}{other}": Artifact(step=f"load_{other}", port="data") for other in others},
            },
            policy=dataset.policy,
            rules=_rules(dataset),
            dataset=name,
            columns=dataset.columns,
            primary_key=dataset.primary_key or (),
            event_time=dataset.event_time,
            checks=dataset.checks,
            on_failure=dataset.on_failure,
            lock=lock,
            locked=self.analysis.locked,
            engine=self.engine,
        )
        self.steps[load.name] = load
        self.steps[validate.name] = validate
        for other in others:
            if f"load_{other}" not in self.steps:
                self._dataset(other)

    def _view(self, name: str) -> None:
        needs = self.analysis.needs(name)
        inputs = {table: self._artifact(table) for table in needs}
        document, origin = self.analysis.spec.document, ("features", name)
        match self.analysis.spec.features[name]:
            case SqlView() as view:
                step = make_step(
                    f"view_{name}",
                    op.SqlView,
                    document,
                    origin,
                    inputs=inputs,
                    after=self.after(needs),
                    policy=view.policy,
                    view=name,
                    sql=view.sql,
                    tables=needs,
                    order=view.primary_key or (),
                    engine=self.engine,
                )
            case PythonView() as view:
                step = make_step(
                    f"view_{name}",
                    op.Transform,
                    document,
                    origin,
                    inputs=inputs,
                    after=self.after(needs),
                    policy=view.policy,
                    view=name,
                    python=view.python,
                    tables=needs,
                    columns=view.columns,
                    args=view.args,
                )
            case other:
                raise AssertionError(f"{name} is no table: {other!r}")
        self.steps[step.name] = step


def _rules(dataset: Dataset) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of each rule of a contract, below the dataset."""
    for name, column in dataset.columns.items():
        yield "columns", name
        yield from (("columns", name, key) for key in sorted(column.model_fields_set))
    if dataset.primary_key:
        yield ("primary_key",)
    yield from (("checks", place) for place in range(len(dataset.checks)))

"""What is looked at for leaks: the goal of a training, and its features one by one."""

from dataclasses import dataclass

from mlopsc.diagnostics.diagnostic import Label, Span
from mlopsc.spec.features import TimedView

Base = tuple[str, str]
"""A table that is no SQL view, and one of its columns."""


@dataclass(frozen=True)
class Goal:
    """What a training learns: its table, the columns that the label uses, what those are made of."""

    table: str
    columns: frozenset[str]
    bases: frozenset[Base]
    label: Label
    entities: Span

    @property
    def tables(self) -> frozenset[str]:
        """The tables that hold what the label is made of."""
        return frozenset(table for table, _ in self.bases)


@dataclass(frozen=True)
class Feature:
    """A feature of a training: of which table it takes which columns, and where it is named."""

    name: str
    table: str
    columns: tuple[str, ...]
    span: Span
    view: TimedView | None = None
    time: str | None = None
    """Of a view: the column that says when a row became true."""

    @property
    def what(self) -> str:
        """What it is called in messages."""
        return f"feature '{self.name}'" if self.view is None else f"view '{self.name}'"

    @property
    def delayed(self) -> bool:
        """Whether a row is not known at its own time."""
        view = self.view
        return view is not None and (bool(view.available_after) or view.known_at not in (None, self.time))

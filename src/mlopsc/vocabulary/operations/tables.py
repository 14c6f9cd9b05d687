"""Operations that make tables: loading, validation, and views."""

from typing import Any, Literal

from mlopsc.vocabulary.checks import Check
from mlopsc.vocabulary.columns import Column, ColumnType
from mlopsc.vocabulary.contract import OnFailure, puts_aside
from mlopsc.vocabulary.hosts import Host
from mlopsc.vocabulary.lock import LockedDataset
from mlopsc.vocabulary.names import FunctionReference
from mlopsc.vocabulary.operations.base import BaseOperation, Ports, Relational
from mlopsc.vocabulary.secrets import SecretSource
from mlopsc.vocabulary.sources import CsvSource, PythonSource, Source

OTHER = "other_"
"""How a port's name begins that gives a validation another dataset."""


class Load(BaseOperation):
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


class Validate(Relational):
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


class SqlView(Relational):
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


class Transform(BaseOperation):
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

"""The one way in: a table, what is declared of it, and the report."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from sqlglot import exp

from mlopsc.diagnostics.errors import SpecError
from mlopsc.runtime.checks.arguments import read_checks, read_columns
from mlopsc.runtime.checks.declared import contract_checks
from mlopsc.runtime.checks.judging import judge_all, predicates
from mlopsc.runtime.checks.measures import Table
from mlopsc.runtime.checks.measures.base import ROW
from mlopsc.runtime.checks.mixed import split_mixed
from mlopsc.runtime.checks.report import CheckResult, ValidationReport
from mlopsc.runtime.checks.results import result_of
from mlopsc.runtime.engine.parquet import describe
from mlopsc.runtime.engine.statement import column, fragment, select, text
from mlopsc.vocabulary.checks import BaseCheck
from mlopsc.vocabulary.columns import Column
from mlopsc.vocabulary.contract import OnFailure
from mlopsc.vocabulary.engine import SparkEngine

if TYPE_CHECKING:
    import duckdb

    from mlopsc.vocabulary.lock import LockedDataset

SEEK_ROWS, SEEK_ROWS_PER_COLUMN = 200_000, 500
"""From how many rows on a file's bounds and dictionaries save more than a statement costs, which grows with columns."""

MEMORY = "600MB"
"""What DuckDB may hold; beyond it groups and sorts spill to disk, so that a small machine can check a large file."""


def validate_table(
    table: Any,
    *,
    columns: Mapping[str, Column | Mapping[str, Any]] | None = None,
    checks: Iterable[BaseCheck | Mapping[str, Any]] = (),
    primary_key: Sequence[str] = (),
    on_failure: OnFailure = "block",
    others: Mapping[str, Any] | None = None,
    threads: int | None = None,
    engine: SparkEngine | None = None,
) -> ValidationReport:
    """Check a table against declared columns, a key and checks, and return what was found.

    `table` is a pandas, polars or pyarrow table, or the path of a Parquet file (`.csv` and `.jsonl` by name).
    `columns` and `checks` are written as in a spec; a check's name may begin with `expect_`, and its `severity` may
    be one of Great Expectations' words. What a check means stands with its model in `mlopsc.vocabulary.checks`.
    `others` are tables that checks name, such as `other_table_name`. A column that the table lacks, or that is of a
    type that the check cannot judge, fails the check and says so. `on_failure` is what the failure of columns, key,
    and checks that say nothing else comes to; the table itself is never changed. `engine` computes: DuckDB where it
    is None. A check by a function, `{"python": f}`, names it as a spec does, importable from here, or is given itself.

    Raises SpecError for a malformed check or declaration, an unknown check, SQL that does not run, and a table
    that is none.
    """
    if on_failure not in get_args(OnFailure):
        raise SpecError(f"`on_failure` is {on_failure!r}, expected one of {', '.join(get_args(OnFailure))}")
    contract, parsed = read_columns(columns), read_checks(checks)
    with examined(
        table, contract, parsed, primary_key, on_failure, others or {}, threads=threads, engine=engine
    ) as found:
        return found.report


@dataclass(frozen=True)
class Examined:
    """A table that is still open, and what was found in it."""

    report: ValidationReport
    connection: "duckdb.DuckDBPyConnection"
    source: exp.Expr
    kinds: Mapping[str, str]
    """Column → DuckDB's type."""
    aside: Sequence[tuple[CheckResult, exp.Select]]
    """Failed checks that put rows aside, each with the query of the numbers of its rows, from 1."""


@contextmanager
def examined(
    table: Any,
    columns: Mapping[str, Column],
    checks: Sequence[BaseCheck],
    primary_key: Sequence[str],
    on_failure: OnFailure,
    others: Mapping[str, Any],
    *,
    lock: "LockedDataset | None" = None,
    project: Path | None = None,
    threads: int | None = None,
    engine: SparkEngine | None = None,
) -> Iterator[Examined]:
    """Check a table as `validate_table` does, and keep it open; functions are imported from `project`."""
    from mlopsc.runtime.tables import opened

    table, mixed = split_mixed(table)
    beside = dict(others)
    with opened(table, *beside.values(), threads=threads, engine=engine, memory=MEMORY) as (
        connection,
        (source, *rest),
    ):
        kinds = describe(connection, source)
        rows = connection.execute(text(select(fragment("count(*)"), source=source))).fetchall()[0][0]
        everything = contract_checks(columns, primary_key, checks, kinds)
        named_others = dict(zip(beside, rest, strict=True))
        stored = isinstance(table, str | Path) and engine is None
        outcomes = judge_all(
            connection,
            source,
            mixed,
            [one.check for one in everything],
            Table(
                source=source,
                plain=source,
                kinds=kinds,
                predicate=predicates(connection),
                others=named_others,
                locked_rows=None if lock is None else lock.rows,
                bits=engine is None,
                seeks=stored and rows >= SEEK_ROWS + SEEK_ROWS_PER_COLUMN * len(kinds),
            ),
            lock,
            project,
        )
        keys = [name for name in primary_key if name in kinds]
        results = tuple(
            result_of(connection, one, outcome, on_failure, keys)
            for one, outcome in zip(everything, outcomes, strict=True)
        )
        aside = [
            (result, exp.select(column(ROW)).from_(outcome.sample.select(column(ROW)).subquery("q")))
            for result, outcome in zip(results, outcomes, strict=True)
            if result.on_failure == "quarantine"
            and not result.passed
            and isinstance(outcome.sample, exp.Select)
        ]
        yield Examined(ValidationReport(results, rows), connection, source, kinds, aside)

"""The one way in: a table, what is declared of it, and the report."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from sqlglot import exp

from mlopsc.diagnostics.errors import SpecError
from mlopsc.runtime.checks.arguments import read_checks, read_columns
from mlopsc.runtime.checks.declared import Declared, contract_checks
from mlopsc.runtime.checks.measures import Table, measure
from mlopsc.runtime.checks.measures.base import ROW
from mlopsc.runtime.checks.mixed import MixedColumn, split_mixed
from mlopsc.runtime.checks.outcome import Outcome, absent
from mlopsc.runtime.checks.report import CheckResult, ValidationReport
from mlopsc.runtime.checks.scan import Waiting, serve
from mlopsc.runtime.engine.parquet import describe
from mlopsc.runtime.engine.statement import column, fragment, identifier, named, nan_as_null, select, text
from mlopsc.vocabulary.checks import BaseCheck
from mlopsc.vocabulary.columns import Column
from mlopsc.vocabulary.contract import OnFailure
from mlopsc.vocabulary.engine import SparkEngine

if TYPE_CHECKING:
    import duckdb

    from mlopsc.runtime.checks.judge_mixed import Cells
    from mlopsc.vocabulary.lock import LockedDataset

SAMPLE = 20
_KEY = "__k"
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
        outcomes = _outcomes(
            connection,
            source,
            mixed,
            [one.check for one in everything],
            Table(
                source=source,
                plain=source,
                kinds=kinds,
                predicate=_predicates(connection),
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
            _result(connection, one, outcome, on_failure, keys)
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


def _clean(source: exp.Expr, kinds: Mapping[str, str]) -> exp.Expr:
    """Return the table with NaN as null."""
    cells = [
        named(
            nan_as_null(column(name)) if kind in ("FLOAT", "DOUBLE") else column(name),
            name,
        )
        for name, kind in kinds.items()
    ]
    return select(*cells, source=source)


def _outcomes(
    connection: "duckdb.DuckDBPyConnection",
    source: exp.Expr,
    mixed: Mapping[str, MixedColumn],
    checks: Sequence[BaseCheck],
    whole: Table,
    lock: "LockedDataset | None",
    project: Path | None,
) -> list[Outcome]:
    kinds = whole.kinds
    found: dict[int, Outcome] = {}
    waiting: dict[int, Waiting] = {}
    clean = _view(connection, "checked", _clean(source, kinds))
    numbered = _view(
        connection,
        "numbered",
        fragment("select *, row_number() over () as $r from $t as t", t=clean, r=identifier(ROW)),
    )
    for i, check in enumerate(checks):
        missing = [name for name in check.columns() if name not in kinds] if check.reads else []
        strange = [name for name in check.columns() if name in mixed] if check.reads else []
        if missing:
            found[i] = absent(missing[0], kinds)
            continue
        condition = _condition(connection, check, clean, kinds, mixed)
        if strange:
            from mlopsc.runtime.checks.judge_mixed import judge_mixed

            found[i] = judge_mixed(check, _cells(connection, check, clean, condition, mixed))
        elif check.expect == "unexpected_rows":
            from mlopsc.runtime.checks.unexpected import unexpected_rows

            found[i] = unexpected_rows(connection, check, clean, condition, mixed)
        else:
            seen = [rows if condition is None else _those(rows, condition) for rows in (numbered, clean)]
            looked_at = replace(whole, source=seen[0], plain=seen[1])
            if check.expect == "distribution_unchanged":
                from mlopsc.runtime.checks.unchanged import unchanged

                found[i] = unchanged(connection, check, looked_at, lock)
            elif check.expect == "python_function":
                from mlopsc.runtime.checks.python_function import of_function

                found[i] = of_function(connection, check, looked_at, mixed, project)
            else:
                waiting[i] = Waiting(measure(check, looked_at), condition)
    found |= zip(waiting, serve(connection, clean, list(waiting.values())), strict=True)
    return [found[i] for i in range(len(checks))]


def _condition(
    connection: "duckdb.DuckDBPyConnection",
    check: BaseCheck,
    table: exp.Expr,
    kinds: Mapping[str, str],
    mixed: Collection[str],
) -> exp.Expr | None:
    """Return the condition of the rows that a check looks at; what finds it harmless is imported where there is one."""
    if check.condition() is None:
        return None
    from mlopsc.runtime.checks.conditions import condition_of

    return condition_of(connection, check, table, kinds, mixed)


def _view(connection: "duckdb.DuckDBPyConnection", name: str, query: exp.Expr) -> exp.Expr:
    """Name a query, so that statements need not repeat it."""
    view = exp.table_(identifier(name))
    connection.execute(text(exp.Create(this=view.copy(), kind="VIEW", replace=True, expression=query)))
    return view


def _cells(
    connection: "duckdb.DuckDBPyConnection",
    check: BaseCheck,
    table: exp.Expr,
    condition: exp.Expr | None,
    mixed: Mapping[str, MixedColumn],
) -> "Cells":
    """Return the columns of a check as Python's values, of the rows that it looks at."""
    from mlopsc.runtime.checks.conditions import chosen_rows
    from mlopsc.runtime.checks.judge_mixed import Cells

    columns: dict[str, tuple[Any, ...]] = {}
    for name in check.columns():
        if name in mixed:
            columns[name] = mixed[name].values
        else:
            rows = connection.execute(text(select(column(name), source=table))).fetchall()
            columns[name] = tuple(row[0] for row in rows)
    places = range(len(next(iter(columns.values()))))
    if condition is not None:
        chosen = chosen_rows(connection, table, condition)
        places_chosen = [i for i in places if chosen[i]]
        columns = {name: tuple(values[i] for i in places_chosen) for name, values in columns.items()}
        return Cells(columns, tuple(i + 1 for i in places_chosen), _kinds(check, mixed))
    return Cells(columns, tuple(i + 1 for i in places), _kinds(check, mixed))


def _kinds(check: BaseCheck, mixed: Mapping[str, MixedColumn]) -> str:
    """Return the types that are mixed, in words."""
    return ", ".join(
        sorted({kind for name in check.columns() if name in mixed for kind in mixed[name].types})
    )


def _those(table: exp.Expr, condition: exp.Expr) -> exp.Expr:
    return fragment("select * from $t as t where $c", t=table, c=condition)


def _predicates(connection: "duckdb.DuckDBPyConnection") -> Callable[[Callable[[str], bool]], str]:
    """Return what makes functions of Python known to SQL."""
    names = count()

    def predicate(function: Callable[[str], bool]) -> str:
        name = f"mlopsc_predicate_{next(names)}"
        connection.create_function(name, function, ["VARCHAR"], "BOOLEAN")
        return name

    return predicate


def _result(
    connection: "duckdb.DuckDBPyConnection",
    declared: Declared,
    outcome: Outcome,
    default: OnFailure,
    primary_key: Sequence[str],
) -> CheckResult:
    check, sample, rows = declared.check, outcome.values, outcome.rows
    keys: list[dict[str, Any]] = []
    if isinstance(outcome.sample, exp.Select):
        named_keys = [named(column(name), f"{_KEY}{place}") for place, name in enumerate(primary_key)]
        sample_rows = outcome.sample.select(column(ROW), *named_keys)
        query = fragment("select * from $q as q order by $r limit $n", q=sample_rows, r=column(ROW), n=SAMPLE)
        sample, rows, *values = zip(*connection.execute(text(query)).fetchall(), strict=True)
        keys = [dict(zip(primary_key, row, strict=True)) for row in zip(*values, strict=True)]
    return CheckResult(
        check=check.expect,
        column=", ".join(check.columns()) or None,
        passed=outcome.passed,
        on_failure=_effect(check, outcome, default),
        observed=outcome.observed,
        unexpected_count=outcome.unexpected,
        unexpected_sample=sample,
        unexpected_rows=rows,
        unexpected_keys=tuple(keys),
        message=outcome.message,
        name=check.called(),
        declared=declared.place,
    )


def _effect(check: BaseCheck, outcome: Outcome, default: OnFailure) -> OnFailure:
    """Return what a failure comes to: one that found no rows which could go aside blocks instead."""
    if not outcome.compared:
        return "warn"
    effect = check.effect(default)
    found = outcome.passed or isinstance(outcome.sample, exp.Select) or outcome.rows
    return "block" if effect == "quarantine" and not found else effect

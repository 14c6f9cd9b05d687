"""The one way in: a table, what is declared of it, and the report."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError
from sqlglot import exp

from mlopsc.diagnostics.errors import SpecError
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.runtime.checks.declared import declared_checks
from mlopsc.runtime.checks.measures import Measure, Table, measure
from mlopsc.runtime.checks.measures.base import ROW
from mlopsc.runtime.checks.mixed import MixedColumn, judge_mixed, split_mixed
from mlopsc.runtime.checks.outcome import Outcome, absent
from mlopsc.runtime.checks.report import CheckResult, ValidationReport
from mlopsc.runtime.checks.unexpected import unexpected_rows
from mlopsc.runtime.engine.parquet import describe
from mlopsc.runtime.engine.statement import column, fragment, identifier, named, select, text
from mlopsc.vocabulary.checks import CHECK, CHECK_NAMES, BaseCheck
from mlopsc.vocabulary.checks.sql import UnexpectedRows
from mlopsc.vocabulary.columns import Column

if TYPE_CHECKING:
    import duckdb

SAMPLE = 20
_EXAMPLE = "{'expect': 'column_values_to_not_be_null', 'column': 'age'}"


def validate_table(
    table: Any,
    *,
    columns: Mapping[str, Column | Mapping[str, Any]] | None = None,
    checks: Iterable[BaseCheck | Mapping[str, Any]] = (),
    primary_key: Sequence[str] = (),
    threads: int | None = None,
) -> ValidationReport:
    """Check a table against declared columns, a key and checks, and return what was found.

    `table` is a pandas, polars or pyarrow table, or the path of a Parquet file (`.csv` and `.jsonl` by name).
    `columns` and `checks` are written as in a spec; a check's name may begin with `expect_`. What a check means
    stands with its model in `mlopsc.vocabulary.checks`. A column that the table lacks, or that is of a type that
    the check cannot judge, fails the check and says so.

    Raises SpecError for a malformed check or declaration, an unknown check, SQL that does not run, and a table
    that is none.
    """
    from mlopsc.runtime.tables import opened

    if not isinstance(columns, Mapping | None):
        raise SpecError(f"`columns` is {columns!r}, expected a map of column names to declarations")
    if isinstance(checks, str | Mapping) or not isinstance(checks, Iterable):
        raise SpecError(f"`checks` is {checks!r}, expected a list of maps such as {_EXAMPLE}")
    contract = {name: _column(name, declared) for name, declared in (columns or {}).items()}
    parsed = [_check(i, check) for i, check in enumerate(checks)]
    table, mixed = split_mixed(table)
    with opened(table, threads=threads) as (connection, (source,)):
        kinds = describe(connection, source)
        everything = [*declared_checks(contract, primary_key, kinds), *parsed]
        clean = _clean(source, kinds)
        outcomes = _outcomes(connection, source, clean, kinds, mixed, everything)
        results = tuple(
            _result(connection, check, outcome) for check, outcome in zip(everything, outcomes, strict=True)
        )
        rows = connection.execute(text(select(fragment("count(*)"), source=source))).fetchall()[0][0]
    return ValidationReport(results, rows)


def _column(name: str, declared: Column | Mapping[str, Any]) -> Column:
    try:
        return Column.model_validate(declared)
    except ValidationError as error:
        raise SpecError(f"column {name!r}: {_problems(error)}") from error


def _check(index: int, check: BaseCheck | Mapping[str, Any]) -> BaseCheck:
    if isinstance(check, BaseModel):
        return CHECK.validate_python(check)
    if not isinstance(check, Mapping):
        raise SpecError(f"checks[{index}] is {check!r}, expected a map such as {_EXAMPLE}")
    name = check.get("expect")
    if not isinstance(name, str):
        raise SpecError(f"checks[{index}] has no `expect`, the name of the check")
    name = name.removeprefix("expect_")
    if name not in CHECK_NAMES:
        raise SpecError(f"unknown check {name!r}", help=did_you_mean(name, CHECK_NAMES))
    try:
        return CHECK.validate_python({**check, "expect": name})
    except ValidationError as error:
        raise SpecError(f"checks[{index}] ({name}): {_problems(error)}") from error


def _problems(error: ValidationError) -> str:
    parts = []
    for problem in error.errors():
        place = ".".join(str(key) for key in problem["loc"] if key not in CHECK_NAMES)
        message = problem["msg"].removeprefix("Value error, ")
        parts.append(f"{place}: {message}" if place else message)
    return "; ".join(parts)


def _clean(source: exp.Expr, kinds: Mapping[str, str]) -> exp.Expr:
    """Return the table with NaN as null."""
    cells = [
        named(
            fragment("case when not isnan($x) then $x end", x=column(name))
            if kind in ("FLOAT", "DOUBLE")
            else column(name),
            name,
        )
        for name, kind in kinds.items()
    ]
    return select(*cells, source=source)


def _outcomes(
    connection: "duckdb.DuckDBPyConnection",
    source: exp.Expr,
    clean: exp.Expr,
    kinds: Mapping[str, str],
    mixed: Mapping[str, MixedColumn],
    checks: Sequence[BaseCheck],
) -> list[Outcome]:
    found: dict[int, Outcome] = {}
    waiting: dict[int, Measure] = {}
    numbered = fragment("select *, row_number() over () as $r from $t as t", t=clean, r=identifier(ROW))
    table = Table(numbered, kinds)
    for i, check in enumerate(checks):
        missing = [name for name in check.columns() if name not in kinds] if check.reads else []
        strange = [name for name in check.columns() if name in mixed] if check.reads else []
        if missing:
            found[i] = absent(missing[0], kinds)
        elif strange:
            found[i] = judge_mixed(check, mixed[strange[0]])
        elif isinstance(check, UnexpectedRows):
            found[i] = unexpected_rows(connection, check, source, mixed)
        else:
            waiting[i] = measure(check, table)
    _scan(connection, clean, waiting, found)
    return [found[i] for i in range(len(checks))]


def _scan(
    connection: "duckdb.DuckDBPyConnection",
    table: exp.Expr,
    waiting: Mapping[int, Measure],
    found: dict[int, Outcome],
) -> None:
    """Serve all measures together, scan by scan; almost all are content with the first."""
    import duckdb

    sent: dict[int, Mapping[str, Any] | None] = dict.fromkeys(waiting)
    while sent:
        wanted: dict[int, dict[str, str]] = {}
        needed: dict[str, exp.Expr] = {}
        for i, values in sent.items():
            try:
                needs = waiting[i].send(values) if values is not None else next(waiting[i])
            except StopIteration as end:
                found[i] = end.value
                continue
            wanted[i] = {name: text(need) for name, need in needs.items()}
            needed |= zip(wanted[i].values(), needs.values(), strict=True)
        try:
            values_of = _fetched(connection, table, needed)
        except duckdb.InvalidInputException as error:
            raise SpecError(f"a check cannot be measured: {str(error).partition(chr(10))[0]}") from error
        sent = {i: {name: values_of[key] for name, key in names.items()} for i, names in wanted.items()}


def _fetched(
    connection: "duckdb.DuckDBPyConnection", table: exp.Expr, needed: Mapping[str, exp.Expr]
) -> dict[str, Any]:
    """Return the values of aggregates, by one scan, and the rows of queries, by the text of each."""
    found: dict[str, Any] = {}
    aggregates = {key: need for key, need in needed.items() if not isinstance(need, exp.Query)}
    if aggregates:
        row = connection.execute(text(select(*aggregates.values(), source=table))).fetchall()[0]
        found |= zip(aggregates, row, strict=True)
    for key in needed.keys() - aggregates.keys():
        found[key] = connection.execute(key).fetchall()
    return found


def _result(connection: "duckdb.DuckDBPyConnection", check: BaseCheck, outcome: Outcome) -> CheckResult:
    sample, rows = outcome.values, ()
    if isinstance(outcome.sample, exp.Select):
        query = fragment("select * from $q as q limit $n", q=outcome.sample.select(column(ROW)), n=SAMPLE)
        sample, rows = zip(*connection.execute(text(query)).fetchall(), strict=True)
    return CheckResult(
        check=check.expect,
        column=", ".join(check.columns()) or None,
        passed=outcome.passed,
        severity=check.severity,
        observed=outcome.observed,
        unexpected_count=outcome.unexpected,
        unexpected_sample=sample,
        unexpected_rows=rows,
        message=outcome.message,
        name=check.name,
    )

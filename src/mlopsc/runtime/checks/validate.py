"""The one way in: a table, what is declared of it, and the report."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError
from sqlglot import exp

from mlopsc.diagnostics.errors import SpecError
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.runtime.checks.declared import declared_checks
from mlopsc.runtime.checks.measures import Measure, measure
from mlopsc.runtime.checks.mixed import MixedColumn, judge_mixed, split_mixed
from mlopsc.runtime.checks.outcome import Outcome, by_share, failed
from mlopsc.runtime.checks.report import CheckResult, ValidationReport
from mlopsc.runtime.engine.parquet import describe
from mlopsc.runtime.engine.statement import column, fragment, identifier, named, select, text
from mlopsc.vocabulary.checks import (
    CHECK,
    CHECK_NAMES,
    Check,
    ColumnToExist,
    ColumnValuesToBeUnique,
    CompoundColumnsToBeUnique,
    TableColumnsToMatchSet,
    UnexpectedRows,
    columns_of,
)
from mlopsc.vocabulary.columns import Column

if TYPE_CHECKING:
    import duckdb

SAMPLE = 20
_BATCH = "batch"
_ROW = "__r"
_EXAMPLE = "{'expect': 'column_values_to_not_be_null', 'column': 'age'}"


def validate_table(
    table: Any,
    *,
    columns: Mapping[str, Column | Mapping[str, Any]] | None = None,
    checks: Iterable[Check | Mapping[str, Any]] = (),
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


def _check(index: int, check: Check | Mapping[str, Any]) -> Check:
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
    checks: Sequence[Check],
) -> list[Outcome]:
    found: dict[int, Outcome] = {}
    waiting: dict[int, Measure] = {}
    numbered = fragment("select *, row_number() over () as $r from $t as t", t=clean, r=identifier(_ROW))
    for i, check in enumerate(checks):
        missing = [name for name in columns_of(check) if name not in kinds]
        if missing and not isinstance(check, TableColumnsToMatchSet):
            hint = did_you_mean(missing[0], kinds, noun="the columns are")
            found[i] = failed(f"no column {missing[0]!r}" + (f"; {hint}" if hint else ""))
        elif isinstance(check, TableColumnsToMatchSet | ColumnToExist):
            waiting[i] = measure(check, numbered, kinds)
        elif strange := [name for name in columns_of(check) if name in mixed]:
            found[i] = judge_mixed(check, mixed[strange[0]])
        elif isinstance(check, UnexpectedRows):
            found[i] = _unexpected_rows(connection, check, source, mixed)
        elif isinstance(check, ColumnValuesToBeUnique):
            found[i] = _unique(connection, [check.column], "all_values_are_missing", check.mostly, numbered)
        elif isinstance(check, CompoundColumnsToBeUnique):
            found[i] = _unique(connection, check.column_list, check.ignore_row_if, check.mostly, numbered)
        else:
            waiting[i] = measure(check, numbered, kinds)
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
        aggregates: dict[str, exp.Expr] = {}
        for i, values in sent.items():
            try:
                needs = waiting[i].send(values) if values is not None else next(waiting[i])
            except StopIteration as end:
                found[i] = end.value
                continue
            wanted[i] = {name: text(needed) for name, needed in needs.items()}
            aggregates |= zip(wanted[i].values(), needs.values(), strict=True)
        if not wanted:
            return
        try:
            row = connection.execute(text(select(*aggregates.values(), source=table))).fetchall()[0]
        except duckdb.InvalidInputException as error:
            raise SpecError(f"a check cannot be measured: {str(error).partition(chr(10))[0]}") from error
        values_of = dict(zip(aggregates, row, strict=True))
        sent = {i: {name: values_of[key] for name, key in names.items()} for i, names in wanted.items()}


def _unique(
    connection: "duckdb.DuckDBPyConnection",
    names: Sequence[str],
    ignore: str,
    mostly: float,
    table: exp.Expr,
) -> Outcome:
    """Count rows whose values occur more than once, by one grouping."""
    columns = [column(name) for name in names]
    missing = [fragment("$x is null", x=x) for x in columns]
    judged = {
        "all_values_are_missing": fragment("not $m", m=exp.and_(*missing)),
        "any_value_is_missing": fragment("not $m", m=exp.or_(*missing)),
        "never": fragment("true"),
    }[ignore]
    groups = fragment("select count(*) as n from $t as t where $judged", t=table, judged=judged)
    groups = groups.group_by(*columns, copy=False) if isinstance(groups, exp.Select) else groups
    counts = fragment(
        "select coalesce(sum(n), 0), coalesce(sum(n) filter (where n > 1), 0) from $g as g", g=groups
    )
    total, repeated = connection.execute(text(counts)).fetchall()[0]
    if total == 0 or not repeated:
        return by_share(int(total), 0, mostly, None)
    occurring = fragment(
        "select *, count(*) over (partition by 1) as __n from $t as t where $judged",
        t=table,
        judged=judged,
    )
    for window in occurring.find_all(exp.Window):
        if window.args.get("partition_by"):
            window.set("partition_by", columns)
    sample = fragment(
        "select $x as x from $t as t where __n > 1 order by $r",
        x=_row_of(names),
        t=occurring,
        r=column(_ROW),
    )
    return by_share(int(total), int(repeated), mostly, sample)


def _row_of(names: Sequence[str]) -> exp.Expr:
    """Return the one column, or several as a struct with their names."""
    if len(names) == 1:
        return column(names[0])
    pairs = [exp.PropertyEQ(this=exp.Literal.string(name), expression=column(name)) for name in names]
    return exp.Struct(expressions=pairs)


def _unexpected_rows(
    connection: "duckdb.DuckDBPyConnection", check: UnexpectedRows, source: exp.Expr, mixed: Collection[str]
) -> Outcome:
    """Run a user's SELECT over the table; every row that it returns is unexpected."""
    import duckdb

    from mlopsc.sql import check_safe

    if mixed:
        return failed(f"SQL cannot read columns that mix types: {', '.join(mixed)}")
    # A user's SQL is text by nature; what it may hold is checked first.
    query = check.unexpected_rows_query.replace("{batch}", _BATCH)
    if faults := check_safe(query, tables={_BATCH}, connection=connection):
        raise SpecError(f"unexpected_rows: {faults[0].message}")
    view = exp.Create(
        this=exp.table_(identifier(_BATCH)),
        kind="VIEW",
        replace=True,
        expression=select(exp.Star(), source=source),
    )
    connection.execute(text(view))
    try:
        count = connection.execute(f"select count(*) from (\n{query}\n)").fetchall()[0][0]  # noqa: S608
        shown = connection.execute(f"select * from (\n{query}\n) order by all limit {SAMPLE}")  # noqa: S608
        names = [entry[0] for entry in shown.description]
        rows = tuple(dict(zip(names, row, strict=True)) for row in shown.fetchall())
    except duckdb.Error as error:
        raise SpecError(f"unexpected_rows: {str(error).partition(chr(10))[0]}") from error
    return Outcome(count == 0, count, count, values=rows)


def _result(connection: "duckdb.DuckDBPyConnection", check: Check, outcome: Outcome) -> CheckResult:
    sample, rows = outcome.values, ()
    if isinstance(outcome.sample, exp.Select):
        query = fragment("select * from $q as q limit $n", q=outcome.sample.select(column(_ROW)), n=SAMPLE)
        sample, rows = zip(*connection.execute(text(query)).fetchall(), strict=True)
    return CheckResult(
        check=check.expect,
        column=", ".join(columns_of(check)) or None,
        passed=outcome.passed,
        severity=check.severity,
        observed=outcome.observed,
        unexpected_count=outcome.unexpected,
        unexpected_sample=sample,
        unexpected_rows=rows,
        message=outcome.message,
        name=check.name,
    )

"""Checks and constraints of datasets against what is known of their columns."""

from collections.abc import Iterator

from pydantic import ValidationError

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.passes.columns import column_type, known_column
from mlopsc.compiler.passes.schemas import sql_faults
from mlopsc.compiler.sql_text import sample_sql
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.spec.datasets import Dataset
from mlopsc.spec.document import Path
from mlopsc.vocabulary.checks import BaseCheck
from mlopsc.vocabulary.columns import Column

_KEYS = ("column", "column_A", "column_B", "column_list")


def check_checks(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield checks and constraints of columns that do not exist or are of another type."""
    for name, dataset in analysis.spec.entries("datasets"):
        for column, rule in dataset.columns.items():
            yield from _pattern(analysis, rule.pattern, ("datasets", name, "columns", column, "pattern"))
            yield from _constraint(analysis, name, column, rule)
        yield from _checks(analysis, name, dataset)


def _constraint(analysis: Analysis, table: str, column: str, rule: Column) -> Iterator[Diagnostic]:
    path: Path = ("datasets", table, "columns", column)
    yield from known_column(analysis, table, column, path, key=True)
    kind = column_type(analysis, table, column)
    if kind is None or rule.type is not None:
        return
    try:
        Column.model_validate({**rule.model_dump(exclude_unset=True), "type": kind})
    except ValidationError as error:
        message = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        yield report(
            "MLC302", f"column '{column}' is {kind}: {message}", analysis.spec.document.key_span(path)
        )


def _checks(analysis: Analysis, name: str, dataset: Dataset) -> Iterator[Diagnostic]:
    for index, check in enumerate(dataset.checks):
        place: Path = ("datasets", name, "checks", index)
        if isinstance(query := getattr(check, "unexpected_rows_query", None), str):
            yield from _query(analysis, name, query, place)
        yield from _pattern(analysis, getattr(check, "regex", None), (*place, "regex"))
        for number, pattern in enumerate(getattr(check, "regex_list", ())):
            yield from _pattern(analysis, pattern, (*place, "regex_list", number))
        yield from _condition(analysis, name, check, place)
        yield from _others(analysis, check, place)
        if not check.reads:
            continue
        for at, column in _named(check):
            yield from known_column(analysis, name, column, (*place, *at))
            yield from _misfit(analysis, name, check, column, (*place, *at))


def _pattern(analysis: Analysis, pattern: str | None, place: Path) -> Iterator[Diagnostic]:
    if pattern is not None and (fault := analysis.binder.pattern_fault(pattern)):
        yield report(
            "MLC109",
            f"{pattern!r} is no regular expression of RE2: {fault}",
            analysis.spec.document.value_span(place),
            help="its syntax: https://github.com/google/re2/wiki/Syntax",
        )


def _others(analysis: Analysis, check: BaseCheck, place: Path) -> Iterator[Diagnostic]:
    """Yield other datasets that are not declared, and columns that they do not have."""
    document, datasets = analysis.spec.document, analysis.spec.datasets
    key = "other_table_name" if hasattr(check, "other_table_name") else "dataset"
    for other in check.others():
        if other not in datasets:
            help = did_you_mean(other, datasets, noun="declared:")
            yield report(
                "MLC201", f"unknown dataset '{other}'", document.value_span((*place, key)), help=help
            )
            continue
        listed = "column_list" if getattr(check, "references", None) is None else "references"
        for at, column in enumerate(getattr(check, "there", ())):
            yield from known_column(analysis, other, column, (*place, listed, at))


def _named(check: BaseCheck) -> Iterator[tuple[Path, str]]:
    """Yield the columns that a check names, each with its place in the check."""
    for key in _KEYS:
        value = getattr(check, key, None)
        if isinstance(value, str):
            yield (key,), value
        for at, part in enumerate(value if isinstance(value, tuple) else ()):
            yield (key, at), part


def _misfit(
    analysis: Analysis, table: str, check: BaseCheck, column: str, place: Path
) -> Iterator[Diagnostic]:
    kind = column_type(analysis, table, column)
    if kind is not None and (wanted := check.misfit(kind)):
        yield report(
            "MLC302",
            f"`{check.expect}` needs {wanted}, column '{column}' is {kind}",
            analysis.spec.document.value_span(place),
        )


def _condition(analysis: Analysis, table: str, check: BaseCheck, place: Path) -> Iterator[Diagnostic]:
    """Bind the condition of the rows; faults of one that was translated are told at the whole of it."""
    condition = check.condition()
    if condition is None or table not in analysis.bindable:
        return
    sampled = sample_sql(condition, analysis.spec.parameters if check.where is not None else {})
    bound = analysis.binder.bind_where(sampled.text, table)
    if not isinstance(bound, list):
        return
    if check.where is not None:
        yield from sql_faults(analysis, bound, (*place, "where"), sampled, table)
        return
    at = (*place, "row_condition")
    for found in sql_faults(analysis, bound, at, sampled, table):
        yield report(
            found.code,
            f"{found.message}, in the condition's SQL: {condition}",
            analysis.spec.document.value_span(at),
            help=found.help,
        )


def _query(analysis: Analysis, table: str, query: str, place: Path) -> Iterator[Diagnostic]:
    if table in analysis.bindable:
        sampled = sample_sql(query, analysis.spec.parameters, batch=table)
        bound = analysis.binder.bind_query(sampled.text, [table])
        if isinstance(bound, list):
            yield from sql_faults(analysis, bound, (*place, "unexpected_rows_query"), sampled, table)

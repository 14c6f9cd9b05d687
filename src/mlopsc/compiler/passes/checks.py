"""Checks and constraints of datasets against what is known of their columns."""

from collections.abc import Iterator

from pydantic import ValidationError

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.passes.columns import column_type, known_column
from mlopsc.compiler.passes.schemas import sql_faults
from mlopsc.compiler.sql_text import sample_sql
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic
from mlopsc.spec.datasets import Dataset
from mlopsc.spec.document import Path
from mlopsc.vocabulary import checks as c
from mlopsc.vocabulary.columns import TEMPORAL, Column, fits, is_integer, is_numeric

_KEYS = ("column", "column_A", "column_B", "column_list")
_NUMBERS = (
    c.ColumnMeanToBeBetween,
    c.ColumnMedianToBeBetween,
    c.ColumnStdevToBeBetween,
    c.ColumnSumToBeBetween,
)


def check_checks(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield checks and constraints of columns that do not exist or are of another type."""
    for name, dataset in analysis.spec.entries("datasets"):
        for column, rule in dataset.columns.items():
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
        if isinstance(check, c.UnexpectedRows):
            yield from _query(analysis, name, check, place)
        if isinstance(check, c.ColumnToExist):
            continue
        for key in _KEYS:
            value = getattr(check, key, None)
            if isinstance(value, str):
                yield from known_column(analysis, name, value, (*place, key))
            for at, part in enumerate(value if isinstance(value, tuple) else ()):
                yield from known_column(analysis, name, part, (*place, key, at))
        column = getattr(check, "column", None)
        kind = column_type(analysis, name, column)
        if kind is not None and (wanted := _mismatch(check, kind)):
            yield report(
                "MLC302",
                f"`{check.expect}` needs {wanted}, column '{column}' is {kind}",
                analysis.spec.document.value_span((*place, "column")),
            )


def _mismatch(check: c.Check, kind: str) -> str | None:
    """Return what a check needs that a column of the type is not."""
    match check:
        case c.ColumnValueLengthsToBeBetween():
            return None if kind == "string" else "text"
        case c.ColumnValuesToBeBetween() | c.ColumnMinToBeBetween() | c.ColumnMaxToBeBetween():
            bounds = [bound for bound in (check.min_value, check.max_value) if bound is not None]
            if not (is_numeric(kind) or kind in (*TEMPORAL, "string")):
                return "an ordered type"
            if any(not _bounds(bound, kind) for bound in bounds):
                return "numbers" if not isinstance(bounds[0], str) else f"{kind}s as bounds"
            return None
        case c.ColumnValuesToBeInSet() | c.ColumnValuesToNotBeInSet():
            odd = next((value for value in check.value_set if not fits(value, kind)), None)
            return None if odd is None else f"values of its column's type, {odd!r} is none"
        case _ if isinstance(check, _NUMBERS):
            return None if is_numeric(kind) else "numbers"
        case _:
            return None


def _bounds(bound: int | float | str, kind: str) -> bool:
    return fits(bound, kind) or (is_integer(kind) and isinstance(bound, float))


def _query(analysis: Analysis, table: str, check: c.UnexpectedRows, place: Path) -> Iterator[Diagnostic]:
    if table in analysis.bindable:
        sampled = sample_sql(check.unexpected_rows_query, analysis.spec.parameters, batch=table)
        bound = analysis.binder.bind_query(sampled.text, [table])
        if isinstance(bound, list):
            yield from sql_faults(analysis, bound, (*place, "unexpected_rows_query"), sampled, table)

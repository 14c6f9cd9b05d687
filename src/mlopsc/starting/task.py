"""What kind of thing a label is: a class of two, a class of several, a number; or nothing that can be learnt."""

from collections.abc import Mapping

from mlopsc.diagnostics.errors import UsageError
from mlopsc.profiling.columns import ColumnProfile
from mlopsc.profiling.contract import round_number
from mlopsc.profiling.names import names_identifier
from mlopsc.starting.draft import Task
from mlopsc.vocabulary.columns import is_integer, is_numeric

LEAST = 20
"""Rows with a label that a first training needs."""
_CODES, _CLASSES = 10, 50
_OFTEN = 5


def task_of(label: ColumnProfile, *, regression: bool | None = None) -> Task:
    """Return the task that a label sets; `regression` overrules it for numbers (False: they are classes).

    Numbers of two values are classes, and so are whole numbers of at most ten values. Raises UsageError for a label
    from which nothing can be learnt.
    """
    _check(label)
    if label.type == "bool":
        return _not(regression, label, "binary")
    if label.type == "string":
        return _not(regression, label, _classes(label))
    if regression is not None:
        return "number" if regression else _classes(label)
    codes = is_integer(label.type) and label.distinct <= _CODES and label.filled >= 20 * label.distinct
    return "binary" if label.distinct == 2 else "classes" if codes else "number"


def _check(label: ColumnProfile) -> None:
    name = f"label {label.name!r}"
    if not label.filled:
        raise UsageError(
            f"{name} has no value in any of {label.rows:,} rows", help="there is nothing to learn from"
        )
    if not (is_numeric(label.type) or label.type in ("string", "bool")):
        raise UsageError(f"{name} is a {label.type}", help="expected a number, text, or true and false")
    if label.filled < LEAST:
        raise UsageError(
            f"{label.filled} {'row has' if label.filled == 1 else 'rows have'} a label",
            help=f"a training and its test need {LEAST} or more",
        )
    if label.distinct == 1:
        value = label.values[0][0] if label.values else label.low
        raise UsageError(f"{name} is always {value!r}", help="there is nothing to tell apart")
    if label.unique and (label.type == "string" or (is_integer(label.type) and names_identifier(label.name))):
        raise UsageError(
            f"{name} is different in every row: it identifies them", help="name what shall be predicted"
        )
    if label.infinite:
        raise UsageError(f"{name} is infinite in {label.infinite:,} rows", help="make them null, or finite")


def _classes(label: ColumnProfile) -> Task:
    if label.distinct == 2:
        return "binary"
    if label.distinct > _CLASSES or label.filled < _OFTEN * label.distinct:
        raise UsageError(
            f"label {label.name!r} has {label.distinct:,} different values in {label.filled:,} rows: no classes",
            help=f"group them: at most {_CLASSES}, each in {_OFTEN} rows or more",
        )
    return "classes"


def _not(regression: bool | None, label: ColumnProfile, task: Task) -> Task:
    if regression:
        raise UsageError(
            f"label {label.name!r} is {'text' if label.type == 'string' else 'true or false'}: no number to predict"
        )
    return task


def label_expression(label: ColumnProfile, name: str, task: Task) -> str:
    """Return the label as the spec has it; `name` is the column in SQL. Classes are never fractions."""
    if task == "number" or is_integer(label.type) or not is_numeric(label.type):
        return name
    return f"{name} = {round_number(label.high)}" if task == "binary" else f"cast({name} as varchar)"


def shares(label: ColumnProfile) -> Mapping[str, float]:
    """Return each class with its share of the labelled rows, the most frequent first."""
    return {str(value): count / label.filled for value, count in label.values or ()}

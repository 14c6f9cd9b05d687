"""What a caller passes as checks and declarations, read as models; Great Expectations' own words are understood."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from mlopsc.diagnostics.errors import SpecError
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.runtime.checks.python_function import called
from mlopsc.vocabulary.checks import CHECK, CHECK_NAMES, BaseCheck
from mlopsc.vocabulary.checks.choice import PYTHON
from mlopsc.vocabulary.columns import Column
from mlopsc.vocabulary.contract import OnFailure

_EXAMPLE = "{'expect': 'column_values_to_not_be_null', 'column': 'age'}"
SEVERITIES: Mapping[str, OnFailure] = {"critical": "block", "warning": "warn", "info": "warn"}
"""What Great Expectations calls how grave a failure is."""
_ASIDE = ("meta", "notes", "id", "result_format", "catch_exceptions", "rendered_content")
"""Keys of Great Expectations' configurations that change no verdict."""


def read_columns(columns: Mapping[str, Column | Mapping[str, Any]] | None) -> dict[str, Column]:
    """Return declared columns; raises SpecError."""
    if not isinstance(columns, Mapping | None):
        raise SpecError(f"`columns` is {columns!r}, expected a map of column names to declarations")
    return {name: _column(name, declared) for name, declared in (columns or {}).items()}


def read_checks(checks: Iterable[BaseCheck | Mapping[str, Any]]) -> list[BaseCheck]:
    """Return checks; raises SpecError that tells which is wrong."""
    if isinstance(checks, str | Mapping) or not isinstance(checks, Iterable):
        raise SpecError(f"`checks` is {checks!r}, expected a list of maps such as {_EXAMPLE}")
    return [_check(i, check) for i, check in enumerate(checks)]


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
    name = check.get("expect", PYTHON if "python" in check else None)
    if not isinstance(name, str):
        raise SpecError(f"checks[{index}] has no `expect`, the name of the check")
    name = name.removeprefix("expect_")
    if name not in CHECK_NAMES:
        raise SpecError(f"unknown check {name!r}", help=did_you_mean(name, CHECK_NAMES))
    words = {key: value for key, value in check.items() if key not in _ASIDE}
    if isinstance(word := words.get("severity"), str) and word in SEVERITIES and "on_failure" not in words:
        words["on_failure"] = SEVERITIES[word]
        del words["severity"]
    try:
        if name == PYTHON and callable(words.get("python")):
            return called(words["python"], {key: value for key, value in words.items() if key != "expect"})
        return CHECK.validate_python({**words, "expect": name})
    except ValidationError as error:
        raise SpecError(f"checks[{index}] ({name}): {_problems(error)}") from error


def _problems(error: ValidationError) -> str:
    parts = []
    for problem in error.errors():
        place = ".".join(str(key) for key in problem["loc"] if key not in CHECK_NAMES)
        message = problem["msg"].removeprefix("Value error, ")
        parts.append(f"{place}: {message}" if place else message)
    return "; ".join(parts)

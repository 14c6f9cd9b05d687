"""Suites of Great Expectations, of 1.x (`type`) and 0.x (`expectation_type`), as checks of a dataset.

Names and arguments are the same here, so a suite is not translated but read: each expectation becomes a check with the
prefix `expect_` taken off, and is validated as a spec's check is. What does not pass is left behind with the reason.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mlopsc.diagnostics.errors import UsageError
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.importing.carried import Carried, LeftBehind
from mlopsc.vocabulary.checks import CHECK, CHECK_NAMES

_NO_VERDICT = frozenset(
    {"result_format", "include_config", "catch_exceptions", "meta", "auto", "profiler_config", "batch_id"}
    | {"rendered_content", "windows", "id", "notes", "description", "severity"}
)
"""Arguments that change no verdict."""
_RENAMED = {
    "unexpected_rows_expectation": "unexpected_rows",
    "expect_multicolumn_values_to_be_unique": "select_column_values_to_be_unique_within_record",
}
_EFFECTS = {"warning": "warn", "info": "warn"}
_GONE = {
    "parse_strings_as_datetimes": "texts are not read as times: declare the column `type: timestamp` instead",
    "allow_cross_type_comparisons": "values of different types are never compared",
    "output_strftime_format": "it formats what is shown, and the check would have to read texts as times",
}
_LARGEST = 50_000_000


def read_suite(path: Path) -> Carried:
    """Read a suite's JSON file; raises UsageError for a file that is none."""
    document = _document(path)
    checks: list[Mapping[str, Any]] = []
    left: list[LeftBehind] = []
    notes: list[str] = []
    for index, expectation in enumerate(document["expectations"]):
        place = f"expectations[{index}]"
        if not isinstance(expectation, dict):
            left.append(
                LeftBehind(place, "an entry", f"it is {type(expectation).__name__}, expected an object")
            )
            continue
        check, reason = _check(expectation)
        if check is None or reason is not None:
            left.append(LeftBehind(place, _called(expectation), reason or ""))
        else:
            checks.append(check)
            notes += _remarks(place, check)
    left += _of_the_suite(document)
    name = document.get("name") or document.get("expectation_suite_name") or path.stem
    return Carried(str(name), tuple(checks), tuple(left), tuple(notes))


def _document(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST:
            raise UsageError(f"{path} is larger than {_LARGEST // 1_000_000} MB: no suite")
        document = json.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no JSON: {error}") from error
    if isinstance(document, dict) and isinstance(document.get("expectations"), list):
        return document
    help = "expected an object with a list `expectations`, as Great Expectations saves a suite"
    raise UsageError(f"{path} is no suite of Great Expectations", help=help)


def _called(expectation: Mapping[str, Any]) -> str:
    name = expectation.get("type") or expectation.get("expectation_type") or "an expectation without `type`"
    kwargs = expectation.get("kwargs")
    column = kwargs.get("column") if isinstance(kwargs, dict) else None
    return f"{name} of '{column}'" if column else str(name)


def _check(expectation: Mapping[str, Any]) -> tuple[dict[str, Any] | None, str | None]:
    """Return the check, or None and the reason why there is none."""
    written = expectation.get("type") or expectation.get("expectation_type")
    kwargs = expectation.get("kwargs", {})
    if not isinstance(written, str):
        return None, "it has no `type`"
    if not isinstance(kwargs, dict):
        return None, "its `kwargs` are no object"
    name = _RENAMED.get(written, written.removeprefix("expect_"))
    if name not in CHECK_NAMES:
        return None, _unknown(name)
    if parameter := next(_parameters(kwargs), None):
        reason = f"it takes the parameter {parameter!r}, whose value comes from elsewhere"
        return None, f"{reason}: write the value, or `${{vars.NAME}}` and declare it under `vars`"
    if gone := next((key for key in kwargs if key in _GONE and kwargs[key]), None):
        return None, f"`{gone}`: {_GONE[gone]}"
    check = {"expect": name} | {
        key: _literal(value)
        for key, value in kwargs.items()
        if key not in _NO_VERDICT and key not in _GONE and value is not None
    }
    match check.get("row_condition"):
        case {"type": "pass_through", "pass_through_filter": str(text)}:
            check["row_condition"] = text
        case dict():
            check.pop("condition_parser", None)  # a structured condition has no syntax
    severity = expectation.get("severity")
    if isinstance(severity, str) and severity in _EFFECTS:
        check["on_failure"] = _EFFECTS[severity]
    if description := _description(expectation):
        check["description"] = description
    try:
        CHECK.validate_python(check)
    except ValidationError as error:
        return None, _problems(error)
    return check, None


def _unknown(name: str) -> str:
    near = did_you_mean(name, CHECK_NAMES)
    if near:
        return f"there is no check of this name; {near}; one of your own is written as `unexpected_rows`"
    return "there is no check of this name; one of your own is written as `unexpected_rows`"


def _parameters(value: Any) -> Iterator[str]:
    """Yield the names of evaluation parameters in an argument."""
    match value:
        case {"$PARAMETER": name}:
            yield str(name)
        case dict():
            for item in value.values():
                yield from _parameters(item)
        case list():
            for item in value:
                yield from _parameters(item)


def _literal(value: Any) -> Any:
    """Return an argument in which `${` stands for itself."""
    match value:
        case str():
            return value.replace("${", "$${")
        case dict():
            return {key: _literal(item) for key, item in value.items()}
        case list():
            return [_literal(item) for item in value]
        case _:
            return value


def _description(expectation: Mapping[str, Any]) -> str | None:
    meta = expectation.get("meta")
    notes = (
        expectation.get("description")
        or expectation.get("notes")
        or (meta.get("notes") if isinstance(meta, dict) else None)
    )
    if isinstance(notes, dict):
        notes = notes.get("content")
    parts = notes if isinstance(notes, list) else [notes]
    text = " ".join(str(part) for part in parts if part)
    return _literal(" ".join(text.split())) or None


def _remarks(place: str, check: Mapping[str, Any]) -> Iterator[str]:
    if check["expect"] == "unexpected_rows":
        yield f"{place}: its SQL runs in DuckDB's dialect here"


def _of_the_suite(document: Mapping[str, Any]) -> Iterator[LeftBehind]:
    for key in ("suite_parameters", "evaluation_parameters"):
        if given := document.get(key):
            yield LeftBehind(
                key, ", ".join(map(str, given)), "parameters of a suite: declare them under `vars`"
            )


def _problems(error: ValidationError) -> str:
    parts = []
    for problem in error.errors(include_url=False):
        place = ".".join(str(part) for part in problem["loc"] if part not in CHECK_NAMES)
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            parts.append(f"`{place}` has no counterpart")
        else:
            parts.append(f"`{place}`: {message}" if place else message)
    return "; ".join(parts)

"""Checks of texts that must say something: a time, or JSON."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, StringConstraints

from mlopsc.vocabulary.checks.base import OfValues
from mlopsc.vocabulary.columns import check_regex


class OfText(OfValues):
    """A check of what a text says; values of other types are no texts, so that their columns are refused."""

    def misfit(self, kind: str) -> str | None:
        """Return that it needs text."""
        return None if kind == "string" else "text"


class ColumnValuesToBeDateutilParseable(OfText):
    """The library dateutil reads each text as a time; it is generous: `10` and `May` are times to it."""

    expect: Literal["column_values_to_be_dateutil_parseable"] = "column_values_to_be_dateutil_parseable"


def _directives(form: str) -> str:
    rest = iter(form)
    for letter in rest:
        if letter == "%" and (directive := next(rest, "")) not in tuple("aAwdbBmyYHIpMSfzZjUWcxXGuV%"):
            raise ValueError(f"`%{directive}` is no directive of strptime")
    if "%" not in form:
        raise ValueError(f"{form!r} holds no directive such as %Y: only this very text would match")
    return form


class ColumnValuesToMatchStrftimeFormat(OfText):
    """Python's `strptime` reads each text by the format; so `%d` takes `1` as well as `01`."""

    expect: Literal["column_values_to_match_strftime_format"] = "column_values_to_match_strftime_format"
    strftime_format: Annotated[str, StringConstraints(min_length=1), AfterValidator(_directives)]
    """The format, such as `%Y-%m-%d`."""


class ColumnValuesToBeJsonParseable(OfText):
    """Python's `json` reads each text; so NaN and Infinity are numbers."""

    expect: Literal["column_values_to_be_json_parseable"] = "column_values_to_be_json_parseable"


_EXPRESSIONS = ("patternProperties",)


def _schema(schema: dict[str, Any]) -> dict[str, Any]:
    for key, value in _keywords(schema):
        if key in _EXPRESSIONS:
            raise ValueError(
                f"`{key}` cannot be used: the names of properties are not matched in linear time"
            )
        if key in ("$ref", "$dynamicRef") and isinstance(value, str) and not value.startswith("#"):
            raise ValueError(
                f"`{key}: {value}`: a schema may only refer to itself, with #; nothing is fetched"
            )
        if key == "pattern" and isinstance(value, str):
            check_regex(value)
    from jsonschema import Draft202012Validator, SchemaError, validators

    try:
        validators.validator_for(schema, default=Draft202012Validator).check_schema(schema)
    except SchemaError as error:
        raise ValueError(f"it is no JSON Schema: {error.message}") from error
    return schema


def _keywords(schema: Any) -> Any:
    match schema:
        case dict():
            for key, value in schema.items():
                yield key, value
                yield from _keywords(value)
        case list():
            for item in schema:
                yield from _keywords(item)


class ColumnValuesToMatchJsonSchema(OfText):
    """Each text is JSON that the schema describes (`$schema` names its draft, else the newest).

    Great Expectations stops at a text that is no JSON; here it is one of those that do not match. Expressions in
    `pattern` are RE2's.
    """

    expect: Literal["column_values_to_match_json_schema"] = "column_values_to_match_json_schema"
    json_schema: Annotated[dict[str, Any], AfterValidator(_schema)]
    """The schema."""

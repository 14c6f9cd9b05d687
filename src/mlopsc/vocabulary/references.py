"""References to run-time parameters: `${params.name}` inside configurations, and how they are filled in.

A configuration travels with its references as text. When a step starts, `substitute` puts the values in: a
reference that stands alone keeps the value's type, one inside text is formatted, and `$${` becomes `${`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

Scalar = str | int | float | bool | None
_TOKEN = re.compile(r"\$\$\{|\$\{params\.([A-Za-z_][A-Za-z0-9_]*)\}")
_ALONE = re.compile(r"\$\{params\.([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True)
class ParameterReference:
    """A value that a run supplies: `${params.name}`, alone in its place."""

    name: str

    def __str__(self) -> str:
        return f"${{params.{self.name}}}"

    @classmethod
    def _parse(cls, value: Any) -> "ParameterReference":
        if isinstance(value, cls):
            return value
        found = _ALONE.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise ValueError("expected a reference such as ${params.name}")
        return cls(found.group(1))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._parse, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "pattern": r"^\$\{params\.[A-Za-z_][A-Za-z0-9_]*\}$"}


def referenced(value: Any) -> frozenset[str]:
    """Return the names of the parameters that a JSON value refers to, at any depth (keys excluded)."""
    return frozenset(_names(value))


def substitute(value: Any, parameters: Mapping[str, Scalar]) -> Any:
    """Return a JSON value with its references filled in.

    Raises KeyError with the parameter's name when one has no value.
    """
    match value:
        case str():
            if alone := _ALONE.fullmatch(value):
                return parameters[alone.group(1)]
            return _TOKEN.sub(lambda token: _filled(token, parameters), value)
        case Mapping():
            return {key: substitute(item, parameters) for key, item in value.items()}
        case list() | tuple():
            return [substitute(item, parameters) for item in value]
        case _:
            return value


def _filled(token: re.Match[str], parameters: Mapping[str, Scalar]) -> str:
    name = token.group(1)
    return "${" if name is None else format_scalar(parameters[name])


def format_scalar(value: Scalar) -> str:
    """Return a value as it stands inside text: true and false in lower case, null as `null`."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)


def _names(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield from (name for token in _TOKEN.finditer(value) if (name := token.group(1)) is not None)
        case Mapping():
            for item in value.values():
                yield from _names(item)
        case list() | tuple():
            for item in value:
                yield from _names(item)

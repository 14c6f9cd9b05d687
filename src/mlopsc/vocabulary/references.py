"""References to values, `${vars.name}` and `${params.name}`: where they stand in a text, and how they are filled in.

`${vars.x}` is gone when a spec is compiled. A configuration travels with its `${params.x}` as text. When a step
starts, `substitute` puts the values in: a reference that stands alone keeps the value's type, one inside text is
formatted, and `$${` becomes `${`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

Scalar = str | int | float | bool | None

_START = re.compile(r"\$\$\{|\$\{")
_BODY = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\.([A-Za-z_][A-Za-z0-9_]*)")
_NAMESPACES = frozenset({"vars", "params"})


@dataclass(frozen=True, slots=True)
class Reference:
    """`text[start:end]` is `${namespace.name}`; with a `fault`, it cannot be read and both are empty."""

    start: int
    end: int
    namespace: str
    name: str
    fault: str = ""


def references(text: str) -> Iterator[Reference]:
    """Yield the references of a text in order, unreadable ones too; `$${` is none."""
    at = 0
    while found := _START.search(text, at):
        start, at = found.span()
        if found.group() == "$${":
            continue
        close = text.find("}", at)
        if close < 0 or "${" in text[at:close]:
            yield Reference(start, at, "", "", "a '${' that is never closed")
            continue
        body, end = text[at:close], close + 1
        at = end
        parts = _BODY.fullmatch(body)
        if parts is None:
            yield Reference(
                start, end, "", "", f"'${{{body}}}' is neither ${{vars.name}} nor ${{params.name}}"
            )
        elif parts.group(1) not in _NAMESPACES:
            yield Reference(start, end, "", "", f"unknown namespace '{parts.group(1)}' in '${{{body}}}'")
        else:
            yield Reference(start, end, parts.group(1), parts.group(2))


def parameters_in(text: str) -> list[Reference]:
    """Return the references to run-time parameters of a text, in order."""
    if "${" not in text:
        return []
    return [found for found in references(text) if found.namespace == "params"]


def parameter_alone(text: str) -> str | None:
    """Return the parameter that a text refers to when it is nothing but that reference."""
    found = parameters_in(text)
    return found[0].name if len(found) == 1 and found[0].end - found[0].start == len(text) else None


def literal(text: str) -> str:
    """Return the text that a text without references stands for: `$${` is a literal `${`."""
    return text.replace("$${", "${")


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
        name = parameter_alone(value) if isinstance(value, str) else None
        if name is None:
            raise ValueError("expected a reference such as ${params.name}")
        return cls(name)

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
            return _filled(value, parameters) if "${" in value else value
        case Mapping():
            return {key: substitute(item, parameters) for key, item in value.items()}
        case list() | tuple():
            return [substitute(item, parameters) for item in value]
        case _:
            return value


def _filled(text: str, parameters: Mapping[str, Scalar]) -> Scalar:
    if (alone := parameter_alone(text)) is not None:
        return parameters[alone]
    parts: list[str] = []
    at = 0
    for found in parameters_in(text):
        parts += [literal(text[at : found.start]), format_scalar(parameters[found.name])]
        at = found.end
    return "".join([*parts, literal(text[at:])])


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
            yield from (found.name for found in parameters_in(value))
        case Mapping():
            for item in value.values():
                yield from _names(item)
        case list() | tuple():
            for item in value:
                yield from _names(item)

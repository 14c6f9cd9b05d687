"""Any check, read by the model that its `expect` names.

pydantic would make the models of a union all at once, which is a third of the time that `mlopsc validate` needs
to start. So the union is made for the JSON Schema alone, and a check's own model when a spec has such a check.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

from mlopsc.vocabulary.checks.base import BaseCheck
from mlopsc.vocabulary.checks.kinds import CHECK_NAMES, model_of

LAZY_CHOICES = "lazy_choices"
"""Where a core schema's metadata hold its `LazyChoices`."""
PYTHON = "python_function"


@dataclass(frozen=True)
class LazyChoices:
    """A tagged union whose models are made when they are needed."""

    discriminator: str
    names: tuple[str, ...]
    model_of: Callable[[str], type[BaseCheck]]
    name_of: Callable[[dict[str, Any]], Any]
    """Returns the name that a value says or means."""


class Chosen:
    """What makes `Any` any check."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return a schema that reads a check by its own model."""
        return core_schema.no_info_plain_validator_function(
            read_check, metadata={LAZY_CHOICES: LazyChoices("expect", CHECK_NAMES, model_of, name_of)}
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe the union of all models."""
        union: Any = reduce(or_, map(model_of, CHECK_NAMES))
        return handler(TypeAdapter(Annotated[union, Field(discriminator="expect")]).core_schema)


def name_of(value: dict[str, Any]) -> Any:
    """Return the kind of check that a map says; one without `expect` that names a function is of that kind."""
    return value.get("expect", PYTHON if "python" in value else None)


def read_check(value: Any) -> BaseCheck:
    """Return the check that a map, or a model of one, says; errors are those of pydantic's tagged unions."""
    if isinstance(value, BaseCheck):
        return value
    if not isinstance(value, dict):
        raise PydanticKnownError("dict_type")
    if "expect" not in value and "python" not in value:
        raise PydanticKnownError("union_tag_not_found", {"discriminator": "'expect'"})
    name = name_of(value)
    if not isinstance(name, str) or name not in CHECK_NAMES:
        context = {
            "discriminator": "'expect'",
            "tag": str(name),
            "expected_tags": ", ".join(map(repr, CHECK_NAMES)),
        }
        raise PydanticKnownError("union_tag_invalid", context)
    return model_of(name).model_validate(value)

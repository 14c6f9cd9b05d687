"""The base of every model of the vocabulary: frozen, strict about names and types, lenient about nothing."""

from typing import Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

_CONTAINERS = frozenset({"tuple", "set", "frozenset", "enum", "union"})
_DATA = frozenset({"metadata", "default", "expected", "members", "config", "serialization", "cls", "ref"})


class Frozen(BaseModel):
    """An immutable value; a key that it does not know is an error.

    Scalars are strict: `'5'` and `true` are no int, though `5` is a float. YAML and JSON know only lists
    and text: a list may stand for a tuple or a set, and a member's value for an enum.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def accept_lists(schema: Any) -> None:
            # A strict union would impose its own strictness on every member, tuples included.
            if isinstance(schema, dict):
                kind = schema.get("type")
                is_node = isinstance(kind, str)  # else a map of fields or choices by name
                if kind == "model" and schema["cls"] is not cls and issubclass(schema["cls"], Frozen):
                    return  # its own schema came through here
                if is_node and kind in _CONTAINERS:
                    schema["strict"] = False
                elif kind == "definition-ref":
                    named: Any = handler.resolve_ref_schema(schema)
                    if named["type"] in _CONTAINERS and "strict" not in named:
                        accept_lists(named)
                for key, part in schema.items():
                    if not (is_node and key in _DATA):
                        accept_lists(part)
            elif isinstance(schema, list | tuple):
                for part in schema:
                    accept_lists(part)

        schema = handler(source)
        if not cls.__pydantic_complete__:  # else this is the schema that was made before
            accept_lists(schema)
        return schema

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe each field by the text below it, which is read here: to read it with every model is slow."""
        from mlopsc.vocabulary.docstrings import field_docstrings

        schema = handler(core_schema)
        fields = handler.resolve_ref_schema(schema).get("properties", {})
        for name, text in field_docstrings(cls).items():
            if name in fields:
                fields[name].setdefault("description", text)
        return schema

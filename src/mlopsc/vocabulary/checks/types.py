"""Names of types: a spec's own, and those of NumPy, pandas and SQL that name exactly one of these."""

from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from mlopsc.vocabulary.columns import ColumnType

_OTHER_NAMES = {
    "string": ("str", "varchar", "text", "stringtype", "string[python]", "string[pyarrow]"),
    "bool": ("boolean", "bool_", "booleantype"),
    "int8": ("tinyint", "bytetype"),
    "int16": ("smallint", "shorttype"),
    "int32": ("integer", "integertype"),
    "int64": ("int", "int_", "bigint", "longtype"),
    "float32": ("real", "floattype"),
    "float64": ("float", "float_", "double", "double precision", "double_precision", "doubletype"),
    "date": ("datetype",),
    "timestamp": (
        *("datetime", "datetime64", "datetime64[ns]", "datetime64[us]", "datetime64[ms]", "datetime64[s]"),
        *("timestamptz", "timestamptype", "timestamp with time zone"),
    ),
    "binary": ("bytes", "blob", "bytea", "binarytype"),
}
_ALIASES = {alias: ours for ours, aliases in _OTHER_NAMES.items() for alias in aliases}
_SEVERAL = {
    "object": "an object column may hold anything: name what its values are",
    "o": "an object column may hold anything: name what its values are",
    "numeric": "give its digits: decimal(p,s)",
    "decimal": "give its digits: decimal(p,s)",
    "category": "a category is judged by its values: name their type",
}


def _named(name: object) -> object:
    if not isinstance(name, str):
        return name
    key = name.lower()
    if key in _SEVERAL:
        raise PydanticCustomError(
            "MLC104", "`{found}` is no single type", {"found": name, "help": _SEVERAL[key]}
        )
    return _ALIASES.get(key, name.lower() if name.isupper() or name[:1].isupper() else name)


NamedType = Annotated[
    ColumnType,
    BeforeValidator(_named),
    WithJsonSchema({"type": "string", "examples": ["int64"]}),
]
"""A column type under its own or another common name."""

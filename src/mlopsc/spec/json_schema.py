"""The spec's JSON Schema (draft-07, which editors' language servers check), made from the sections' models.

It says less than the compiler: shapes and words, not what names mean. Wherever a value of another type than text is
expected, a reference such as `${vars.x}` or `${params.x}` may stand for it.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from mlopsc.spec.schema_words import with_words
from mlopsc.spec.spec import API_VERSION, INFRASTRUCTURE, KEYS, NAME, PROJECT, SECTIONS
from mlopsc.vocabulary.time import format_duration

DRAFT = "http://json-schema.org/draft-07/schema#"
SCHEMA_FILE = "mlops.v1.schema.json"

_REFERENCE = {
    "type": "string",
    "pattern": r"^\$\{(vars|params)\.[A-Za-z_][A-Za-z0-9_]*\}$",
    "description": "A variable or a run-time parameter, alone: it keeps its type.",
}
_DEFINITIONS = "#/definitions/"
_SCALARS = ("integer", "number", "boolean")
_FIXED = ("apiVersion", "environments")
_ABOUT = {
    "apiVersion": "The version of this format.",
    "project": "What this is and who answers for it.",
    "vars": "Values that are settled when the spec is compiled: `${vars.name}`, `--var name=value`.",
    "environments": "What stands in the place of the spec's values: maps merge, lists and scalars replace.",
    "parameters": "Values that a run supplies: `${params.name}`, `--set name=value`.",
    "secrets": "Handles of secrets, which are read where a step runs; never values.",
    "datasets": "Where data come from and what must hold of them.",
    "features": "Views over datasets and over each other.",
    "training": "Models: what they learn from, how, and how they are measured.",
    "gates": "Rules that a candidate model must pass before it may hold a stage.",
    "registry": "Registered models, their ordered stages, and the gates that guard each stage.",
    "monitors": "Drift of registered models' inputs.",
    "infrastructure": "Where shared state lives, and what computes tables.",
    "targets": "Settings of each target, by the target's name.",
}


class _Generator(GenerateJsonSchema):
    """Writes a default as a spec spells it."""

    def encode_default(self, dft: Any) -> Any:
        """Return the default in JSON: a duration is `1h`, not `PT1H`."""
        return format_duration(dft) if isinstance(dft, timedelta) else super().encode_default(dft)


def json_schema(targets: Mapping[str, TypeAdapter[Any]]) -> dict[str, Any]:
    """Return the schema of a whole spec; `targets` are the settings' models of known targets, by name.

    Settings of other targets may be anything: their backends check them.
    """
    adapters: dict[str, TypeAdapter[Any]] = {
        **SECTIONS,
        "project": PROJECT,
        "infrastructure": INFRASTRUCTURE,
        **{f"targets.{name}": adapter for name, adapter in targets.items()},
    }
    made, shared = TypeAdapter.json_schemas(
        [(name, "validation", adapter) for name, adapter in adapters.items()],
        ref_template=_DEFINITIONS + "{model}",
        schema_generator=_Generator,
    )
    schemas = {name: _tidied(schema) for (name, _), schema in made.items()}
    properties: dict[str, Any] = {
        "apiVersion": {"const": API_VERSION},
        **{name: schemas[name] for name in ("project", "infrastructure")},
        **{name: _by_name(schemas[name]) for name in SECTIONS},
        "vars": _by_name(schemas["parameters"]),
        "environments": _by_name(_environment()),
        "targets": {
            "type": "object",
            "properties": {
                name: _described(_or_null(schemas[f"targets.{name}"]), f"Settings of the target {name}.")
                for name in targets
            },
        },
    }
    return {
        "$schema": DRAFT,
        "title": "mlops.yaml",
        "description": "One model's whole life: datasets, features, training, gates, registry, monitors.",
        "type": "object",
        "required": ["apiVersion", "project"],
        "additionalProperties": False,
        "properties": {key: _described(properties[key], _ABOUT[key]) for key in KEYS},
        "definitions": {
            **{
                name: _worded(name, _tidied(schema))
                for name, schema in sorted(shared.get("$defs", {}).items())
            },
            "reference": _REFERENCE,
        },
    }


def schema_text(schema: Mapping[str, Any]) -> str:
    """Return a schema as the text of a file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _by_name(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a map from names to entries; nothing below the key is an empty map."""
    name = {key: value for key, value in NAME.json_schema().items() if key != "type"}
    return {"type": ["object", "null"], "propertyNames": name, "additionalProperties": entry}


def _environment() -> dict[str, Any]:
    keys = [key for key in KEYS if key not in _FIXED]
    return {
        "type": ["object", "null"],
        "properties": {key: {"description": _ABOUT[key]} for key in keys},
        "additionalProperties": False,
    }


def _worded(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    if "properties" not in schema:
        return schema
    properties = {key: _apart(with_words(name, key, part)) for key, part in schema["properties"].items()}
    return schema | {"properties": properties}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _described(schema: dict[str, Any], text: str) -> dict[str, Any]:
    return _apart({**schema, "description": text})


def _tidied(schema: Any) -> Any:
    """Return a schema of pydantic's in draft-07, with references allowed where scalars are expected."""
    if isinstance(schema, list):
        return [_tidied(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if key not in ("title", "discriminator")}
    if kept.get("default", ...) is None or isinstance(kept.get("default"), dict):
        del kept["default"]
    if "description" in kept:
        kept["description"] = " ".join(kept["description"].split())
    for key in ("properties", "patternProperties"):
        if key in kept:
            kept[key] = {name: _tidied(part) for name, part in kept[key].items()}
    for key in ("items", "additionalProperties", "propertyNames", "anyOf", "oneOf", "allOf"):
        if key in kept:
            kept[key] = _tidied(kept[key])
    if "oneOf" in kept:  # with references allowed, a value may suit several
        kept["anyOf"] = kept.pop("oneOf")
    return _apart(_loosened(kept))


def _loosened(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that also takes a reference, if it is one of scalars or of certain texts."""
    fixed = "enum" in schema or (schema.get("type") == "string" and {"pattern", "format"} & schema.keys())
    if not fixed and schema.get("type") not in _SCALARS:
        return schema
    outer = {key: schema[key] for key in ("description", "default", "examples") if key in schema}
    inner = {key: value for key, value in schema.items() if key not in outer}
    return outer | {"anyOf": [inner, {"$ref": f"{_DEFINITIONS}reference"}]}


def _apart(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema whose `$ref` stands alone: draft-07 overlooks what stands beside it."""
    if "$ref" not in schema or len(schema) == 1:
        return schema
    rest = {key: value for key, value in schema.items() if key != "$ref"}
    return {**rest, "allOf": [{"$ref": schema["$ref"]}]}

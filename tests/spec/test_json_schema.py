"""The published JSON Schema is the models', valid draft-07, and takes what the compiler takes."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from pydantic import TypeAdapter

from mlopsc.spec.json_schema import SCHEMA_FILE, json_schema
from mlopsc.spec.yaml_load import load_document, parse_document
from mlopsc.targets import find_backend

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT / "schemas" / SCHEMA_FILE
EXAMPLES = sorted((ROOT / "examples").glob("*/mlops.yaml"))


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    targets = {
        name: TypeAdapter(find_backend(name).settings)
        for name in ("docker", "kfp", "kubernetes", "local", "prefect")
    }
    return json_schema(targets)


def faults(schema: dict[str, Any], text: str) -> list[str]:
    value = parse_document(f"apiVersion: mlopsc/v1\nproject: {{name: p}}\n{text}").value
    return [error.message for error in Draft7Validator(schema).iter_errors(value)]


def test_the_published_schema_is_the_one_that_the_models_give(
    schema: dict[str, Any],
) -> None:
    text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_SCHEMAS"):
        PUBLISHED.write_text(text)
    assert PUBLISHED.read_text() == text, (
        "UPDATE_SCHEMAS=1 pytest tests/spec/test_json_schema.py writes it anew"
    )


def test_it_is_valid_draft_07(schema: dict[str, Any]) -> None:
    Draft7Validator.check_schema(schema)
    assert not [key for key in _keys(schema) if key in ("$defs", "prefixItems", "discriminator")]


@pytest.mark.parametrize("spec", EXAMPLES, ids=lambda path: path.parent.name)
def test_every_example_is_valid(schema: dict[str, Any], spec: Path) -> None:
    Draft7Validator(schema).validate(load_document(spec).value)


def test_an_unknown_key_at_the_top_is_refused(schema: dict[str, Any]) -> None:
    assert faults(schema, "dataset: {}") == [
        "Additional properties are not allowed ('dataset' was unexpected)"
    ]


def test_an_unknown_key_of_an_entry_is_refused(schema: dict[str, Any]) -> None:
    assert faults(schema, "datasets: {a: {source: {type: csv, path: a.csv}, colums: {}}}")


def test_a_reference_may_stand_where_a_number_is_expected(schema: dict[str, Any]) -> None:
    gate = "gates: {{g: {{type: metric, training: t, metric: roc_auc, min: {}}}}}"
    assert faults(schema, gate.format("0.5")) == []
    assert faults(schema, gate.format('"${vars.low}"')) == []
    assert faults(schema, gate.format("high"))


def test_an_environment_may_hold_part_of_any_section(schema: dict[str, Any]) -> None:
    assert faults(schema, "environments: {prod: {datasets: {a: {source: {path: b.csv}}}}}") == []
    assert faults(schema, "environments: {prod: {environments: {}}}")


def test_what_models_say_in_their_docstrings_stands_in_the_schema(schema: dict[str, Any]) -> None:
    training = schema["definitions"]["Training"]
    assert training["description"] == "One model: what it learns from, how, and how it is measured."
    assert "constructor arguments" in training["properties"]["params"]["description"]


def _keys(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(key for item in value.values() for key in _keys(item))]
    if isinstance(value, list):
        return [key for item in value for key in _keys(item)]
    return []

"""The published JSON Schema is the models', valid draft-07, and takes what the compiler takes."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, FormatChecker
from pydantic import TypeAdapter

from mlopsc.spec import schema_words
from mlopsc.spec.json_schema import SCHEMA_FILE, json_schema, schema_text
from mlopsc.spec.spec import read_spec
from mlopsc.spec.yaml_load import load_document, parse_document
from mlopsc.targets import find_backend

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT / "schemas" / SCHEMA_FILE
EXAMPLES = sorted((ROOT / "examples").glob("*/mlops.yaml"))


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    targets = {
        name: TypeAdapter(find_backend(name).settings)
        for name in ("docker", "feast", "kfp", "kubernetes", "local", "prefect")
    }
    return json_schema(targets)


def faults(schema: dict[str, Any], text: str) -> list[str]:
    value = parse_document(f"apiVersion: mlopsc/v1\nproject: {{name: p}}\n{text}").value
    return [error.message for error in Draft7Validator(schema).iter_errors(value)]


def test_the_published_schema_is_the_one_that_the_models_give(
    schema: dict[str, Any],
) -> None:
    text = schema_text(schema)
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


def properties(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, definition in schema["definitions"].items():
        for key, part in definition.get("properties", {}).items():
            yield f"{name}.{key}", part
    for key, part in schema["properties"].items():
        yield key, part
    for key, part in schema["properties"]["targets"]["properties"].items():
        yield f"targets.{key}", part


def test_an_editor_has_a_description_of_every_key(schema: dict[str, Any]) -> None:
    silent = [name for name, part in properties(schema) if not part.get("description", "").strip()]
    assert silent == [], "write a docstring below the field, or a line in mlopsc.spec.schema_words"


def test_every_example_and_default_is_what_its_key_takes(schema: dict[str, Any]) -> None:
    wrong = []
    seen = 0
    for name, part in properties(schema):
        validator = Draft7Validator({**part, "definitions": schema["definitions"]})
        for value in [*part.get("examples", []), *([part["default"]] if "default" in part else [])]:
            seen += 1
            wrong += [f"{name}: {error.message}" for error in validator.iter_errors(value)]
    assert wrong == []
    assert seen > 150


def test_every_word_and_example_is_of_a_key_that_there_is(schema: dict[str, Any]) -> None:
    full = {name for name, _ in properties(schema)}
    known = full | {name.rpartition(".")[2] for name in full}
    assert sorted({*schema_words.ABOUT, *schema_words.EXAMPLES} - known) == []


SPEC = {
    "project": "name: p",
    "dataset": "source: {type: csv, path: a.csv}",
    "training": "entities: {dataset: d, label: y}, features: [x], split: {type: random}, estimator: a.B, metrics: [r2]",
    "gate": "type: metric, training: t, metric: r2, min: 0.5",
    "model": "training: t, stages: {s: {gates: [g]}}",
    "monitor": "model: m, stage: s, current: {dataset: d}",
}


def written(**changes: str) -> str:
    said = SPEC | changes
    return (
        f"apiVersion: mlopsc/v1\nproject: {{{said['project']}}}\ndatasets: {{d: {{{said['dataset']}}}}}\n"
        f"training: {{t: {{{said['training']}}}}}\ngates: {{g: {{{said['gate']}}}}}\n"
        f"registry: {{m: {{{said['model']}}}}}\nmonitors: {{w: {{{said['monitor']}}}}}\n"
    )


def both(schema: dict[str, Any], text: str) -> tuple[bool, bool]:
    """Say whether the schema takes a spec, and whether the models do."""
    document = parse_document(text)
    by_schema = not list(Draft7Validator(schema, format_checker=FormatChecker()).iter_errors(document.value))
    return by_schema, not read_spec(document)[1]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"project": "name: p, owner: me, description: what"},
        {"dataset": "source: {type: parquet, path: 'a/*.parquet'}, primary_key: [id], event_time: t, timezone: UTC"},
        {"dataset": "source: {python: 'a.b:c', args: {n: 1}}, columns: {x: {type: float64, min: 0, nullable: false}}"},
        {"dataset": "source: {type: csv, path: a, delimiter: ';', nulls: [NA]}"},
        {"dataset": "source: {type: jsonl, path: a}, checks: [{expect: column_to_exist, column: x}]"},
        {"training": SPEC["training"].replace("split: {type: random}", "split: {type: time, test: 30d}")},
        {"training": SPEC["training"].replace("split: {type: random}", "split: {type: time, test: 0.3}")},
        {"training": SPEC["training"].replace("[r2]", "[r2, {name: own, python: 'a:b'}]")},
        {"training": SPEC["training"] + ", policy: {retries: 2, memory: 4Gi, timeout: 30m}"},
        {"training": SPEC["training"] + ", seed: '${params.seed}'"},
        {"gate": "type: champion, training: t, metric: r2, min_delta: 0.01, if_none: fail"},
        {"monitor": SPEC["monitor"] + ", tests: {numeric: [psi], missing: null}, schedule: {cron: '0 3 * * 1'}"},
    ],
    ids=str,
)  # fmt: skip
def test_what_the_models_take_the_schema_takes(schema: dict[str, Any], changes: dict[str, str]) -> None:
    text = written(**changes)
    if "${params" in text:
        text += "parameters: {seed: {type: int, default: 1}}\n"
        assert not list(Draft7Validator(schema).iter_errors(parse_document(text).value))
    else:
        assert both(schema, text) == (True, True)


@pytest.mark.parametrize(
    "changes",
    [
        {"project": "owner: me"},
        {"project": "name: 7 up"},
        {"dataset": "source: {type: csv}"},
        {"dataset": "source: {type: xml, path: a}"},
        {"dataset": "source: {type: csv, path: a, delimiter: ab}"},
        {"dataset": "source: {type: csv, path: a}, columns: {x: {type: flaot}}"},
        {"dataset": "source: {type: csv, path: a}, checks: [{expect: column_to_exsit, column: x}]"},
        {"dataset": "source: {type: csv, path: a}, primary_key: id"},
        {"training": SPEC["training"].replace("metrics: [r2]", "metrics: []")},
        {"training": SPEC["training"].replace("features: [x]", "features: x")},
        {"training": SPEC["training"].replace("{type: random}", "{type: random, test: 2}")},
        {"training": SPEC["training"].replace("{type: random}", "{type: randm}")},
        {"training": SPEC["training"] + ", seed: -1"},
        {"training": SPEC["training"] + ", policy: {retries: many}"},
        {"gate": "type: metric, training: t, metric: r2, min: high"},
        {"gate": "type: metric, training: t, min: 0.5"},
        {"gate": "type: champion, training: t, metric: r2, if_none: maybe"},
        {"model": "training: t, stages: {}"},
        {"monitor": "model: m, stage: s"},
        {"monitor": SPEC["monitor"] + ", tests: {numeric: [psy]}"},
        {"monitor": SPEC["monitor"] + ", tests: {alpha: 1.5}"},
    ],
    ids=str,
)
def test_what_the_models_refuse_the_schema_refuses(schema: dict[str, Any], changes: dict[str, str]) -> None:
    assert both(schema, written(**changes)) == (False, False)


def _keys(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(key for item in value.values() for key in _keys(item))]
    if isinstance(value, list):
        return [key for item in value for key in _keys(item)]
    return []

"""Payloads in every free text of a plan stay data: in the module, in the IR, and in the running step."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from mlopsc_kfp import backend
from mlopsc_kfp.emit import emit, module

from mlopsc.targets import RunRequest
from tests.plans import IMAGE, flights_plan, step, train_pipeline

PAYLOADS = [
    '"""',
    "''' \\",
    "new\nline\r\ttab",
    "{{7*7}}{{$.inputs.parameters['x']}}",
    "{% raw %}{# x #}",
    "${{ secrets.X }}{$x}{{channel:task=a;name=b}}",
    "$(touch canary); `touch canary` | tee canary",
    '")\nopen("canary", "w")\n("',
    "#\nimport pathlib; pathlib.Path('canary').touch()",
    "inf nan None",
    "naïve 日本 \u202e\u2066\u200b\x00\x1b[0m\u2028",
]


def hostile_pipeline(text):
    """A pipeline with the text in every field that takes any text."""
    columns = {text: {"type": "string", "allowed": [text], "pattern": text}}
    source = {
        "type": "python",
        "python": "sources:echo",
        "args": {"text": text, "nested": {text: [text, 5, 0.5]}},
    }
    steps = (
        step("load_a", "load", {"dataset": "a", "source": source}),
        step(
            "validate_a",
            "validate",
            {
                "dataset": "a",
                "columns": columns,
                "primary_key": [text],
                "event_time": text,
                "checks": [
                    {"expect": "column_values_to_match_regex", "column": text, "regex": text, "name": text}
                ],
            },
            {"data": "load_a.data"},
        ),
        step(
            "view_b",
            "sql_view",
            {"view": "b", "sql": text, "tables": ["a"], "order": [text]},
            {"a": "load_a.data"},
        ),
        step(
            "features_c",
            "features",
            {
                "training": "c",
                "label": text,
                "where": text,
                "group": text,
                "event_time": text,
                "features": [text],
            },
            {"entities": "view_b.table"},
        ),
    )
    return train_pipeline().model_copy(update={"steps": steps, "title": f"Do {text}", "parameters": {}})


def generated(text):
    pipeline = hostile_pipeline(text)
    return module(flights_plan(None, pipeline), pipeline, "train.yaml", Path("nowhere"))


def shape(source):
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            node.value = None
    return ast.dump(tree)


@pytest.mark.parametrize("text", PAYLOADS)
def test_only_constants_differ_from_the_benign_module(text):
    source = generated(text)
    assert shape(source) == shape(generated("x"))
    assert all(character == "\n" or character.isprintable() for character in source)


@pytest.mark.kfp
def test_compiling_runs_nothing_and_the_ir_is_free_of_placeholders(tmp_path, monkeypatch):
    pytest.importorskip("kfp", reason="compiling needs the kfp SDK: pip install 'mlopsc[kfp]'")
    from google.protobuf import json_format
    from kfp.pipeline_spec import pipeline_spec_pb2

    monkeypatch.chdir(tmp_path)
    pipeline = hostile_pipeline(" ".join(PAYLOADS))
    python, ir = emit(flights_plan(None, pipeline), tmp_path)
    spec = next(yaml.safe_load_all(ir.text))
    json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec())
    for task in spec["root"]["dag"]["tasks"].values():
        for value in task["inputs"]["parameters"].values():
            assert "{{" not in str(value["runtimeValue"]["constant"])
            assert "{$" not in str(value["runtimeValue"]["constant"])
    assert python.text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.kfp
def test_the_text_arrives_unchanged_in_the_running_step(tmp_path):
    pytest.importorskip("kfp", reason="running needs the kfp SDK: pip install 'mlopsc[kfp]'")
    import pyarrow.parquet as pq

    (tmp_path / "sources.py").write_text(
        "import json, pandas\n\n\ndef echo(**args):\n    return pandas.DataFrame({'said': [json.dumps(args)]})\n"
    )
    text = "\n".join(PAYLOADS).replace("\x00", "")
    pipeline = hostile_pipeline(text)
    pipeline = pipeline.model_copy(update={"steps": pipeline.steps[:1]})
    plan = flights_plan({}, pipeline)
    result = backend.run(RunRequest(plan=plan, pipeline=pipeline, project=tmp_path))
    assert result.status == "succeeded", result.steps
    (data,) = (tmp_path / ".mlopsc" / "kfp" / result.run / "artifacts").glob("*/load/data")
    assert (
        json.loads(pq.read_table(data)["said"][0].as_py())
        == pipeline.steps[0].configuration["source"]["args"]
    )
    assert not (tmp_path / "canary").exists()


@pytest.mark.kfp
def test_no_value_of_a_secret_is_in_what_is_generated(tmp_path, monkeypatch):
    pytest.importorskip("kfp", reason="compiling needs the kfp SDK: pip install 'mlopsc[kfp]'")
    monkeypatch.setenv("TOKEN", "canary-secret-value")
    load = step(
        "load_a",
        "load",
        {
            "dataset": "a",
            "source": {
                "type": "csv",
                "path": "s3://b/a.csv",
                "storage_options": {"token": {"secret": "token"}},
            },
            "secrets": {"token": {"env": "TOKEN"}},
        },
    )
    pipeline = train_pipeline().model_copy(update={"steps": (load,), "parameters": {}})
    settings = {"kfp": {"image": IMAGE, "secrets": {"token": {"name": "tokens", "key": "token"}}}}
    (tmp_path / "mlops.yaml").write_text("apiVersion: mlopsc/v1\n")
    (tmp_path / ".env").write_text("TOKEN=canary-secret-value\n")
    for file in backend.emit(flights_plan(settings, pipeline), tmp_path):
        assert b"canary-secret-value" not in file.content


def test_the_backend_is_found_without_kfp_or_jinja():
    code = "import mlopsc_kfp, sys; print({'kfp', 'jinja2'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"

"""Payloads in every name and free text of a plan stay data in the generated repository."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from mlopsc_feast.emit import emit

from mlopsc.plan.plan import Pipeline, Plan
from mlopsc.vocabulary.online import MATERIALIZE, UNTIL
from mlopsc.vocabulary.parameters import Parameter
from tests.plans import flights_plan, step

PAYLOADS = [
    '"""',
    "''' \\",
    "new\nline\r\ttab",
    "{{7*7}} {% raw %}{# x #} ${{ secrets.X }}",
    "$(touch canary); `touch canary` | tee canary",
    '")\nopen("canary", "w")\n("',
    "#\nimport pathlib; pathlib.Path('canary').touch()",
    "import os",
    "x: {y: *a} # - !!python/object/apply:os.system [touch canary]",
    "naïve 日本 \u202e\u2066\u200b\x00\x1b[0m\u2028",
]


def hostile_plan(text: str) -> Plan:
    """Return a plan with the text as every name and in every setting that takes any text."""
    second = f"{text} 2"
    joins = [
        {"view": text, "entity": {text: text}, "feature_time": text, "ttl": "3h", "columns": [f"{text} c"]},
        {"view": second, "entity": {text: text, f"{text} k": text}, "feature_time": text, "columns": [text]},
    ]
    kinds = {text: "string", f"{text} k": "int64", f"{text} c": "float64"}
    served = {text: [{"name": f"{text} c", "view": text}, {"name": text, "view": second}]}
    steps = [
        step(
            f"materialize_{number}",
            "materialize",
            {
                "project": text,
                "view": join,
                "until": f"${{params.{UNTIL}}}",
                "types": {name: kinds[name] for name in (*join["entity"], *join["columns"])},
                "trainings": served,
            },
            {"table": "load_a.data"},
        )
        for number, join in enumerate(joins)
    ]
    source = {"type": "csv", "path": text}
    pipeline = Pipeline(
        name=MATERIALIZE,
        kind="materialize",
        title=text,
        steps=(step("load_a", "load", {"dataset": "a", "source": source}), *steps),
        parameters={UNTIL: Parameter(type="timestamp", description=text)},
    )
    # A folder's name with control characters is refused.
    data = "".join(one if one >= " " else " " for one in text)
    settings = {"registry": text, "online_store": text, "data": data}
    plan = flights_plan({"feast": settings}, pipeline)
    return plan.model_copy(update={"project": text, "spec": text})


def generated(text: str) -> tuple[str, str]:
    module, store = emit(hostile_plan(text))
    assert (module.path, store.path) == ("definitions.py", "feature_store.yaml")
    return module.text, store.text


def shape(source: str) -> str:
    """Return the module's tree without constants, and variables by the order in which they come."""
    tree = ast.parse(source)
    variables = [
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id != "DATA"
    ]
    assert len(set(variables)) == len(variables) == 5, "two entities, two views, a service"
    numbers = {name: f"v{number}" for number, name in enumerate(variables)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            node.value = None
        elif isinstance(node, ast.Name):
            node.id = numbers.get(node.id, node.id)
    return ast.dump(tree)


@pytest.mark.parametrize("text", PAYLOADS)
def test_only_constants_differ_from_the_benign_repository(text):
    module, store = generated(text)
    assert shape(module) == shape(generated("x")[0])
    for one in (module, store):
        assert all(character == "\n" or character.isprintable() for character in one)
    found = yaml.safe_load(store)
    benign = yaml.safe_load(generated("x")[1])
    named = {"project": text, "registry": text}
    assert found == benign | named | {"online_store": {"type": "sqlite", "path": text}}
    assert store.count("\n") == generated("x")[1].count("\n")


FEAST = """
class Anything:
    def __init__(self, *args, **given):
        said.append(given)
    def __getattr__(self, name):
        return name
    def __class_getitem__(cls, name):
        return name

said = []
Entity = FeatureService = FeatureView = Field = FileSource = Anything
ValueType = Anything()
"""


@pytest.mark.parametrize("text", PAYLOADS)
def test_names_arrive_as_they_are_and_nothing_runs_on_import(text, tmp_path: Path):
    """A recorder stands for Feast, which has rules of its own for names."""
    (tmp_path / "feast").mkdir()
    (tmp_path / "feast" / "__init__.py").write_text(FEAST)
    (tmp_path / "feast" / "types.py").write_text("String = Float64 = Int64 = None\n")
    (tmp_path / "definitions.py").write_text(generated(text)[0], encoding="utf-8")
    code = "import json, definitions, feast; print(json.dumps([one.get('name') for one in feast.said]))"
    done = subprocess.run([sys.executable, "-B", "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    names = json.loads(done.stdout)
    assert {text, f"{text} 2", f"{text} k", f"{text} c"} == set(names) - {None}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["definitions.py", "feast"]

"""Golden files: what is emitted for the flagship. Write them anew with

MLOPSC_WRITE_GOLDEN=1 pytest backends/prefect/tests/test_emit.py
"""

import ast
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from mlopsc_prefect.emit import emit

from mlopsc.plan.plan import Plan
from mlopsc.vocabulary.parameters import Parameter

GOLDEN = Path(__file__).parent / "golden"
SETTINGS = {
    "served": {"policy": {"retries": 2}, "max_workers": 4},
    "deployed": {
        "work_pool": "k8s",
        "image": "registry.example.com/flights:1.0",
        "directory": "/app",
        "job_variables": {
            "namespace": "ml",
            "env": {"MLOPSC_REGISTRY_URL": "{{ prefect.blocks.secret.registry-url }}"},
        },
    },
}
PAYLOAD = (
    '"""\n\\\' {{7*7}} {% raw %} ${{ secrets.X }} $(touch canary) ; inf nan é \u202e \x00\n'
    "open('canary', 'w')\n#"
)


@pytest.mark.parametrize("case", SETTINGS)
def test_generated_files_are_those_of_the_golden_folder(plans, case):
    found = {file.path: file.text for file in emit(plans.flights_plan({"prefect": SETTINGS[case]}))}
    folder = GOLDEN / case
    if os.environ.get("MLOPSC_WRITE_GOLDEN"):
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in found.items():
            (folder / path).write_text(text, encoding="utf-8")
    assert found == {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_a_formatter_changes_nothing_in_the_golden_files():
    ruff = Path(sys.executable).with_name("ruff")
    if not ruff.exists():
        pytest.skip("ruff is not installed")
    command = [ruff, "format", "--check", "--isolated", "--line-length", "100", *GOLDEN.glob("*/*.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    command = [ruff, "check", "--isolated", "--line-length", "100", "--select", "E,F,W,B,UP,SIM,RET"]
    command += ["--ignore", "E501"]  # the header is one line, whatever the spec is called
    done = subprocess.run([*command, *GOLDEN.glob("*/*.py")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_two_compiles_are_equal(plans):
    plan = plans.flights_plan({"prefect": SETTINGS["deployed"]})
    assert emit(plan) == emit(Plan.model_validate_json(plan.model_dump_json()))


def test_importing_the_backend_imports_neither_prefect_nor_jinja2():
    code = (
        "import mlopsc_prefect, sys; print([name for name in ('prefect', 'jinja2') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def hostile(plan, text):
    """Return the plan with `text` in every place that takes free text, keys of maps included."""

    def poison(value):
        match value:
            case str():
                return text
            case dict():
                return {
                    text if key == "origin" else key: item if key == "operation" else poison(item)
                    for key, item in value.items()
                }
            case list():
                return [poison(item) for item in value]
            case _:
                return value

    document = json.loads(plan.model_dump_json())
    document["spec"] = text
    document["infrastructure"] = {"registry": text, "store": text}
    for pipeline in document["pipelines"]:
        pipeline["title"] = text
        pipeline["parameters"]["tag"] = {"type": "string", "default": text, "description": text}
        if pipeline["schedule"]:
            pipeline["schedule"] = {"cron": text, "timezone": text}
        for step in pipeline["steps"]:
            step["origin"] = [text, text]
            step["source"]["file"] = text
            parameters = [name for name in ("as_of", "trees") if f"${{params.{name}}}" in json.dumps(step)]
            step["configuration"] = poison(step["configuration"])
            step["configuration"]["used"] = [f"${{params.{name}}}" for name in parameters]
            step["policy"]["env"] = {"VARIABLE": text}
    return Plan.model_validate_json(json.dumps(document))


def shape(source):
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.dump(tree)


@pytest.mark.parametrize("case", SETTINGS)
def test_hostile_text_changes_nothing_but_constants(plans, case):
    plan = plans.flights_plan({"prefect": SETTINGS[case]})
    for attacked, benign in zip(emit(hostile(plan, PAYLOAD)), emit(hostile(plan, "x")), strict=True):
        if attacked.path.endswith(".py"):
            assert shape(attacked.text) == shape(benign.text)
            assert "\u202e" not in attacked.text
        else:
            one, other = yaml.safe_load(attacked.text), yaml.safe_load(benign.text)
            assert one["deployments"][1].pop("schedules") == [{"cron": PAYLOAD, "timezone": PAYLOAD}]
            assert other["deployments"][1].pop("schedules") == [{"cron": "x", "timezone": "x"}]
            assert one == other


def test_hostile_text_stays_what_it_is_and_does_nothing_on_import(plans, tmp_path):
    if find_spec("prefect") is None:
        pytest.skip("pip install 'mlopsc[prefect]'")
    (module, *_) = emit(hostile(plans.flights_plan({"prefect": {}}), PAYLOAD))
    (tmp_path / "train.py").write_text(module.text, encoding="utf-8")
    code = "import json, train; c = train.load_flights.fn.__code__.co_consts; print(json.dumps([train.STORE_URL, *c]))"
    command = [sys.executable, "-B", "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found[0] == PAYLOAD
    assert found.count(PAYLOAD) > 1
    assert [path.name for path in tmp_path.iterdir()] == ["train.py"]


def test_names_that_collide_are_told_apart(plans):
    load = plans.step(
        "load_task", "load", {"dataset": "task", "source": {"type": "parquet", "path": "${params.task}"}}
    )
    view = plans.step(
        "view_task",
        "sql_view",
        {
            "view": "task",
            "sql": "select '${params.load_task}', '${params.wanted}'",
            "tables": ["wanted", "class"],
        },
        {"wanted": "load_task.data", "class": "load_task.data"},
    )
    again = plans.step(
        "features_task", "features", {"training": "t", "features": []}, {"entities": "view_task.table"}
    )
    names = ("task", "load_task", "wanted", "task_data")
    pipeline = plans.Pipeline(
        name="flow",
        kind="train",
        title="Collide",
        steps=(load, view, again),
        parameters={name: Parameter(type="string", default="x") for name in names},
    )
    text = emit(plans.flights_plan({}, pipeline))[0].text
    assert "def load_task_task(task_: str) -> Outputs:" in text
    assert '@task(name="load_task", cache_policy=NO_CACHE)' in text
    assert "def view_task(" in text
    assert "wanted_: Outputs" in text
    assert "class_: Outputs" in text
    assert "def flow_flow(" in text
    assert "load_task_data = load_task_task.submit(task_=task)" in text
    assert "task_table = view_task.submit(" in text
    assert "features_task_table = features_task.submit(entities=task_table)" in text


def test_a_pipeline_called_serve_does_not_replace_the_module_that_serves(plans):
    pipeline = plans.monitor_pipeline().model_copy(update={"name": "serve"})
    assert [file.path for file in emit(plans.flights_plan({}, pipeline))] == ["serve_pipeline.py", "serve.py"]


def test_a_required_parameter_comes_first_and_nothing_runs_by_itself(plans):
    pipeline = plans.monitor_pipeline().model_copy(
        update={
            "parameters": {
                "as_of": Parameter(type="timestamp", default="2013-12-31T00:00:00Z"),
                "share_of_rows": Parameter(type="float"),
                "half": Parameter(type="float", default=1),
            }
        }
    )
    text = emit(plans.flights_plan({}, pipeline))[0].text
    (function,) = [one for one in ast.parse(text).body if getattr(one, "name", "") == "weather_drift"]
    assert [argument.arg for argument in function.args.args] == ["share_of_rows", "as_of", "half"]
    assert [ast.literal_eval(value) for value in function.args.defaults] == ["2013-12-31T00:00:00Z", 1.0]
    assert "__main__" not in text


def test_steps_of_a_fan_out_are_one_mapped_task(plans):
    """What a person would write: one task, mapped over what differs, and its results in one list."""
    pipeline = plans.train_pipeline().model_copy(update={"steps": plans.trial_steps(3), "parameters": {}})
    plan = plans.flights_plan({"prefect": {}}, pipeline)
    found = {file.path: file.text for file in emit(plan)}["train.py"]
    golden = GOLDEN / "tuned" / "train.py"
    if os.environ.get("MLOPSC_WRITE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(found, encoding="utf-8")
    assert found == golden.read_text(encoding="utf-8")


def test_names_that_the_value_does_not_tell_are_mapped_too(plans):
    *before, one, two, collect = plans.trial_steps(2)
    names = {"trial_t_0": "trial_t_first", "trial_t_1": "trial_t_second"}
    trials = [one.model_copy(update={"name": names[one.name]}) for one in (one, two)]
    inputs = {
        port: source.model_copy(update={"step": names[source.step]})
        for port, source in collect.inputs.items()
    }
    steps = (*before, *trials, collect.model_copy(update={"inputs": inputs}))
    pipeline = plans.train_pipeline().model_copy(update={"steps": steps, "parameters": {}})
    text = emit(plans.flights_plan({"prefect": {}}, pipeline))[0].text
    assert '@task(task_run_name="{step}"' in text
    assert "def trial_t(train: Outputs, index: int, step: str) -> Outputs:" in text
    assert 'step=["trial_t_first", "trial_t_second"]' in text

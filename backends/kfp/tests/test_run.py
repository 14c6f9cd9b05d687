"""Runs of compiled pipelines by kfp's local runner: what is told of each step."""

import hashlib

import pytest
from mlopsc_kfp import backend

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.targets import RunRequest
from mlopsc.vocabulary.parameters import Parameter
from mlopsc.vocabulary.policy import Policy
from tests.plans import flights_plan, step, train_pipeline

pytestmark = pytest.mark.kfp
pytest.importorskip("kfp", reason="running needs the kfp SDK: pip install 'mlopsc[kfp]'")


def request(project, *steps, parameters=None, values=None, **more):
    declared = {name: Parameter(type="string") for name in parameters or ()}
    pipeline = train_pipeline().model_copy(update={"steps": steps, "parameters": declared})
    plan = flights_plan({}, pipeline)
    return RunRequest(plan=plan, pipeline=pipeline, project=project, parameters=values or {}, **more)


def load(policy=None, **source):
    full = {"type": "csv", "path": "data.csv"} | source
    return step("load_a", "load", {"dataset": "a", "source": full}, policy=policy, line=4)


def validate(maximum):
    check = {"expect": "table_row_count_to_be_between", "max_value": maximum}
    return step(
        "validate_a", "validate", {"dataset": "a", "checks": [check]}, {"data": "load_a.data"}, line=5
    )


VIEW = step(
    "view_b",
    "sql_view",
    {"view": "b", "sql": "select x from a where s = '${params.name}'", "tables": ["a"]},
    {"a": "load_a.data"},
    after=("validate_a",),
)


def test_a_run_tells_each_step_and_keeps_its_files(tmp_path):
    (tmp_path / "data.csv").write_text("x,s\n1,it's\n2,b\n")
    told, begun = [], []
    steps = (
        load(),
        validate(9),
        VIEW.model_copy(update={"configuration": {**VIEW.configuration, "sql": "from a"}}),
    )
    result = backend.run(request(tmp_path, *steps, on_start=begun.append, on_step=told.append))
    assert (result.status, result.target) == ("succeeded", "kfp")
    assert [found.status for found in result.steps] == ["run"] * 3
    assert begun == ["load_a", "validate_a", "view_b"]
    assert tuple(told) == result.steps
    (data,) = (tmp_path / ".mlopsc" / "kfp" / result.run / "artifacts").glob("*/load/data")
    assert result.outputs()["load_a", "data"] == f"sha256:{hashlib.sha256(data.read_bytes()).hexdigest()}"


def test_a_declared_rule_refuses_and_what_follows_is_skipped(tmp_path):
    (tmp_path / "data.csv").write_text("x,s\n1,a\n2,b\n")
    result = backend.run(
        request(tmp_path, load(), validate(1), VIEW, parameters=["name"], values={"name": "a"})
    )
    assert result.status == "refused"
    loaded, refused, skipped = result.steps
    assert (loaded.status, refused.status, skipped.status) == ("run", "refused", "skipped")
    assert "table_row_count_to_be_between" in refused.reason
    assert set(refused.outputs) == {"report"}
    assert refused.source == "mlops.yaml:5:3"


def test_a_crash_is_told_with_its_error_and_retried_as_the_policy_says(tmp_path):
    (tmp_path / "sources.py").write_text(
        "from pathlib import Path\n\n\ndef broken():\n"
        "    with Path('tries').open('a') as stream:\n        stream.write('x')\n"
        "    raise LookupError('no such table')\n"
    )
    crash = step(
        "load_a",
        "load",
        {"dataset": "a", "source": {"type": "python", "python": "sources:broken"}},
        policy=Policy(retries=1, env={"A": "b"}),
    )
    begun = []
    result = backend.run(request(tmp_path, crash, validate(1), on_start=begun.append))
    assert begun == ["load_a"]
    assert result.status == "failed"
    assert [found.status for found in result.steps] == ["failed", "skipped"]
    assert "no such table" in result.steps[0].reason
    assert result.steps[0].outputs == {}
    assert (tmp_path / "tries").read_text() == "xx"


def test_a_parameters_text_that_kfp_would_expand_is_refused(tmp_path):
    with pytest.raises(MlopscError, match=r"parameter 'name' contains '\{\{'"):
        backend.run(request(tmp_path, load(), VIEW, parameters=["name"], values={"name": "{{$.x}}"}))
    assert list(tmp_path.iterdir()) == []

"""What Kubernetes cannot express, or pods cannot reach, is a fault at its key."""

import subprocess
import sys

import pytest
from mlopsc_kubernetes import backend
from mlopsc_kubernetes.check import check

from mlopsc.plan.plan import Infrastructure, Schedule
from mlopsc.vocabulary.parameters import Parameter
from mlopsc.vocabulary.policy import Accelerator, Policy
from tests.plans import IMAGE, flights_plan, monitor_pipeline, step, train_pipeline

SHARED = {"MLOPSC_REGISTRY_URL": "postgresql+psycopg://db/registry", "MLOPSC_STORE_URL": "s3://bucket/store"}
HERE = ("targets", "kubernetes")


def plan_of(*pipelines, infrastructure=None, **settings):
    full = {"image": IMAGE, "env": SHARED, **settings}
    return flights_plan({"kubernetes": full}, *pipelines, infrastructure=infrastructure)


def faults(tmp_path, *pipelines, **settings):
    return [(fault.code, fault.path) for fault in check(plan_of(*pipelines, **settings), tmp_path)]


def of_step(tmp_path, path="data.csv", policy=None, infrastructure=None, configuration=None, **settings):
    full = {"dataset": "flights", "source": {"type": "csv", "path": path}, **(configuration or {})}
    steps = (step("load_flights", "load", full, policy=policy),)
    pipeline = train_pipeline().model_copy(update={"steps": steps})
    return faults(tmp_path, pipeline, infrastructure=infrastructure, **settings)


def test_the_trainings_of_the_flagship_have_none(tmp_path):
    assert faults(tmp_path, train_pipeline()) == []


def test_an_image_and_places_that_pods_share_are_needed(tmp_path):
    found = list(check(flights_plan({}, train_pipeline()), tmp_path))
    assert [(fault.code, fault.path) for fault in found] == [
        ("MLC507", HERE),
        ("MLC502", HERE),
        ("MLC502", HERE),
    ]
    assert "where pods find the registry" in found[1].message
    assert "MLOPSC_STORE_URL (targets.kubernetes.env or env_secrets)" in str(found[2].help)


def test_what_the_spec_names_needs_no_variable(tmp_path):
    shared = Infrastructure(registry="postgresql://db.example.com/r", store="s3://bucket/store")
    assert of_step(tmp_path, infrastructure=shared, env={}) == []


def test_what_is_on_this_machine_is_out_of_reach(tmp_path):
    here = Infrastructure(registry="sqlite:///registry.db", store="/var/store")
    found = of_step(tmp_path, infrastructure=here)
    assert found == [("MLC502", ("infrastructure", "registry")), ("MLC502", ("infrastructure", "store"))]
    kept = {**SHARED, "MLOPSC_STORE_URL": "/var/store"}
    assert of_step(tmp_path, env=kept) == [("MLC502", (*HERE, "env", "MLOPSC_STORE_URL"))]
    for path in ("/data.csv", "file:///data.csv"):
        assert of_step(tmp_path, path) == [("MLC503", ("tests", "load_flights", "source", "path"))]


def test_steps_of_a_pod_have_no_image_and_no_accelerator_of_their_own(tmp_path):
    gpu = Accelerator(type="nvidia.com/gpu")
    path = ("tests", "load_flights", "policy")
    assert of_step(tmp_path, policy=Policy(image="own:1")) == [("MLC501", (*path, "image"))]
    assert of_step(tmp_path, policy=Policy(accelerator=gpu)) == [("MLC501", (*path, "accelerator"))]
    assert of_step(tmp_path, policy={}, secrets={}) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [("retries", 2), ("retry_delay", "1m"), ("timeout", "1h"), ("env", {"A": "b"}), ("image", "a:1")],
)
def test_what_the_scheduler_in_the_pod_would_not_hear_of_is_refused(tmp_path, key, value):
    found = faults(tmp_path, train_pipeline(), policy={key: value})
    assert found == [("MLC501", (*HERE, "policy", key))]


def test_a_device_has_a_domain(tmp_path):
    found = faults(tmp_path, train_pipeline(), policy={"accelerator": {"type": "gpu"}})
    assert found == [("MLC505", (*HERE, "policy", "accelerator", "type"))]


def test_a_secret_needs_its_counterpart_and_a_name_of_its_own(tmp_path):
    by_env = {"secrets": {"token": {"env": "TOKEN"}}}
    by_file = {"secrets": {"token": {"file": "C:/token"}}}
    kept = {"token": {"name": "tokens", "key": "other"}}
    assert of_step(tmp_path, configuration=by_env) == [("MLC508", ("secrets", "token"))]
    assert of_step(tmp_path, configuration=by_env, secrets=kept) == []
    assert of_step(tmp_path, configuration=by_file, secrets=kept) == [
        ("MLC508", ("secrets", "token", "file"))
    ]
    twice = of_step(tmp_path, configuration=by_env, secrets=kept, env_secrets={"TOKEN": kept["token"]})
    assert twice == [("MLC208", (*HERE, "env_secrets", "TOKEN"))]
    both = faults(tmp_path, train_pipeline(), env={**SHARED, "A": "b"}, env_secrets={"A": kept["token"]})
    assert both == [("MLC208", (*HERE, "env", "A"))]


def test_parameters_are_those_of_the_spec_and_of_their_type(tmp_path):
    assert faults(tmp_path, train_pipeline(), parameters={"as_of": "now", "trees": 5}) == []
    found = faults(tmp_path, train_pipeline(), parameters={"as_if": "now", "trees": "now"})
    assert found == [("MLC111", (*HERE, "parameters", "as_if")), ("MLC109", (*HERE, "parameters", "trees"))]


def monitor(**changed):
    steps = tuple(one.model_copy(update={"policy": Policy()}) for one in monitor_pipeline().steps)
    return monitor_pipeline().model_copy(update={"steps": steps, **changed})


def test_a_scheduled_run_has_a_value_for_every_parameter(tmp_path):
    needed = monitor(parameters={"as_of": Parameter(type="timestamp")})
    path = ("monitors", "weather_drift", "schedule")
    assert faults(tmp_path, needed) == [("MLC501", path)]
    assert faults(tmp_path, needed, parameters={"as_of": "now"}) == []
    assert faults(tmp_path, needed.model_copy(update={"schedule": None})) == []


def test_a_schedule_that_kubernetes_reads_otherwise_is_refused(tmp_path):
    path = ("monitors", "weather_drift", "schedule", "cron")
    for cron in ("0 3 * * 5#2", "0 3 L * *", "0 0 */2 * 1"):
        assert faults(tmp_path, monitor(schedule=Schedule(cron=cron))) == [("MLC501", path)]


@pytest.mark.parametrize("name", ["a" * 45, "drift_"])
def test_a_name_is_one_of_kubernetes(tmp_path, name):
    assert faults(tmp_path, monitor(name=name)) == [("MLC505", ("monitors", name))]


def test_the_longest_name_is_taken(tmp_path):
    assert faults(tmp_path, monitor(name="a" * 44)) == []


def test_two_pipelines_of_one_name_are_told_apart_or_refused(tmp_path):
    found = check(plan_of(monitor(), monitor(name="weather__drift"), monitor(name="Weather_drift")), tmp_path)
    assert [fault.path for fault in found] == [
        (),
        ("monitors", "weather_drift"),
        ("monitors", "Weather_drift"),
    ]
    assert {fault.code for fault in found} == {"MLC505"}


def test_a_project_is_a_label(tmp_path):
    plan = plan_of(train_pipeline()).model_copy(update={"project": "flights_", "environment": "prod_"})
    assert [fault.path for fault in check(plan, tmp_path)] == [("project", "name"), ("environments", "prod_")]


def test_validating_imports_no_yaml_writer_of_templates_and_no_orchestrator():
    code = (
        "import mlopsc_kubernetes, sys; print({'jinja2', 'kfp', 'kubernetes', 'prefect'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
    assert backend.name == "kubernetes"

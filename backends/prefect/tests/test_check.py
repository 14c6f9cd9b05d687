"""What Prefect cannot express is refused at its key."""

import pytest
from mlopsc_prefect import backend

from mlopsc.plan.plan import Infrastructure, Schedule
from mlopsc.vocabulary.parameters import Parameter
from mlopsc.vocabulary.policy import Accelerator, Policy

POOL = {"work_pool": "k8s", "image": "registry.example.com/flights:1.0"}


@pytest.fixture
def faults(plans, tmp_path):
    def check(settings=None, pipeline=None, infrastructure=None):
        one = pipeline or plans.train_pipeline()
        plan = plans.flights_plan({"prefect": settings or {}}, one, infrastructure=infrastructure)
        return [(fault.code, fault.path) for fault in backend.check(plan, tmp_path)]

    return check


@pytest.fixture
def monitor(plans):
    def make(**update):
        plain = plans.monitor_pipeline()
        steps = tuple(step.model_copy(update={"policy": Policy()}) for step in plain.steps)
        return plain.model_copy(update={"steps": steps, **update})

    return make


def test_the_flagship_can_be_expressed(faults, monitor):
    assert faults() == faults(POOL) == faults(POOL, monitor()) == []


def test_a_step_has_no_image_and_no_accelerator_of_its_own(faults, plans):
    policy = Policy(image="other:1", accelerator=Accelerator(type="nvidia.com/gpu"))
    found = faults(POOL, plans.train_pipeline(policy))
    origin = ("tests", "train_late_arrival", "policy")
    assert ("MLC501", (*origin, "image")) in found
    assert ("MLC501", (*origin, "accelerator")) in found
    assert faults(POOL, plans.train_pipeline(Policy(image=POOL["image"]))) == []


def test_defaults_of_the_target_have_none_either(faults):
    policy = {"image": "a:1", "accelerator": {"type": "nvidia.com/gpu"}}
    here = ("targets", "prefect", "policy")
    assert faults({"policy": policy}) == [("MLC501", (*here, "image")), ("MLC501", (*here, "accelerator"))]


@pytest.mark.parametrize("key", ["image", "directory", "work_queue", "job_variables"])
def test_what_only_a_work_pool_takes_needs_one(faults, key):
    value = {"a": 1} if key == "job_variables" else "/a"
    assert faults({key: value if key in ("job_variables", "directory") else "a"}) == [
        ("MLC501", ("targets", "prefect", key))
    ]


@pytest.mark.parametrize("url", ["registry.db", "sqlite:///a.db", "file:///a", "postgresql://localhost/a"])
def test_workers_cannot_reach_what_is_on_this_machine(faults, url):
    infrastructure = Infrastructure(registry=url, store="s3://bucket/store")
    assert faults(POOL, infrastructure=infrastructure) == [("MLC502", ("infrastructure", "registry"))]
    assert faults({}, infrastructure=infrastructure) == []


@pytest.mark.parametrize("name", ["wait_for", "self", "json", "model_config", "class", "conclude", "v__args"])
def test_a_name_that_a_flow_cannot_take_is_refused(faults, monitor, name):
    parameters = {name: Parameter(type="string", default="")}
    assert faults({}, monitor(parameters=parameters)) == [("MLC505", ("parameters", name))]


@pytest.mark.parametrize("cron", ["0 3 * * 5L", "0 3 LW * *", "0 3 */2 * 1", "0 0 3 * * 1", "0 3 * * {{x}}"])
def test_a_schedule_that_prefect_reads_in_another_way_is_refused(faults, monitor, cron):
    found = faults({}, monitor(schedule=Schedule(cron=cron)))
    assert [path for _, path in found] == [("monitors", "weather_drift", "schedule", "cron")]


def test_a_scheduled_run_needs_a_value_for_each_parameter(faults, monitor):
    pipeline = monitor(parameters={"as_of": Parameter(type="timestamp")})
    assert faults({}, pipeline) == [("MLC501", ("monitors", "weather_drift", "schedule"))]


def test_two_pipelines_in_one_file_are_refused(plans, tmp_path):
    pipelines = [plans.monitor_pipeline().model_copy(update={"name": name}) for name in ("a", "A")]
    plan = plans.flights_plan({}, *pipelines)
    assert [fault.code for fault in backend.check(plan, tmp_path) if fault.code != "MLC501"] == ["MLC505"]


def load(plans, **configuration):
    step = plans.step("load_a", "load", {"dataset": "a", **configuration})
    return plans.train_pipeline().model_copy(update={"steps": (step,)})


def test_data_and_secrets_must_be_where_workers_are(faults, plans):
    source = {"type": "parquet", "path": "/data/a.parquet"}
    assert faults(POOL, load(plans, source=source)) == [("MLC503", ("tests", "load_a", "source", "path"))]
    secret = load(plans, source={"type": "parquet", "path": "s3://b/a"}, secrets={"key": {"env": "KEY"}})
    assert faults(POOL, secret) == [("MLC508", ("secrets", "key"))]
    given = {**POOL, "job_variables": {"env": {"KEY": "{{ prefect.blocks.secret.key }}"}}}
    assert faults(given, secret) == faults({}, secret) == []
    file = load(plans, source={"type": "parquet", "path": "s3://b/a"}, secrets={"key": {"file": "key.txt"}})
    assert faults(POOL, file) == [("MLC508", ("secrets", "key"))]

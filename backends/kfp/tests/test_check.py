import pytest
from mlopsc_kfp.check import check

from mlopsc.codegen.data import LARGEST_DATA
from mlopsc.plan.plan import Infrastructure, Schedule
from mlopsc.vocabulary.parameters import Parameter
from mlopsc.vocabulary.policy import Policy
from tests.plans import IMAGE, flights_plan, monitor_pipeline, step, train_pipeline


def faults(tmp_path, *steps, infrastructure=None, parameters=None, **settings):
    pipeline = train_pipeline().model_copy(update={"steps": steps, "parameters": parameters or {}})
    plan = flights_plan({"kfp": {"image": IMAGE, **settings}}, pipeline, infrastructure=infrastructure)
    return [(fault.code, fault.path) for fault in check(plan, tmp_path)]


def load(path="data.csv", policy=None, **configuration):
    full = {"dataset": "flights", "source": {"type": "csv", "path": path}, **configuration}
    return step("load_flights", "load", full, policy=policy)


def test_the_flagship_has_none(tmp_path):
    assert check(flights_plan(), tmp_path) == ()


def test_an_image_is_needed_once_for_all(tmp_path):
    assert [fault.code for fault in check(flights_plan({}), tmp_path)] == ["MLC507"]
    assert faults(tmp_path, load(policy=Policy(image="own:1")), image="x") == []


@pytest.mark.parametrize("url", ["sqlite:///registry.db", "postgresql+psycopg://localhost/registry"])
def test_a_registry_on_this_machine_is_out_of_reach(tmp_path, url):
    found = faults(tmp_path, load(), infrastructure=Infrastructure(registry=url))
    assert found == [("MLC502", ("infrastructure", "registry"))]


@pytest.mark.parametrize("url", ["artifacts", "/var/store", "file:///var/store", "memory://x"])
def test_a_store_on_this_machine_is_out_of_reach(tmp_path, url):
    found = faults(tmp_path, load(), infrastructure=Infrastructure(store=url))
    assert found == [("MLC502", ("infrastructure", "store"))]


def test_urls_that_pods_reach_pass(tmp_path):
    shared = Infrastructure(registry="postgresql://db.example.com/r", store="s3://bucket/store")
    assert faults(tmp_path, load(), infrastructure=shared) == []


def test_data_must_fit_the_image_or_be_reachable(tmp_path):
    path = ("tests", "load_flights", "source", "path")
    with (tmp_path / "data.csv").open("wb") as stream:
        stream.truncate(LARGEST_DATA + 1)
    assert faults(tmp_path, load("data.csv")) == [("MLC503", path)]
    assert faults(tmp_path, load("*.csv")) == [("MLC503", path)]
    assert faults(tmp_path, load("/data.csv")) == [("MLC503", path)]
    assert faults(tmp_path, load("file:///data.csv")) == [("MLC503", path)]
    assert faults(tmp_path, load("s3://bucket/data.csv")) == []
    assert faults(tmp_path, load("missing.csv")) == []


def test_a_secret_of_this_machine_needs_its_counterpart(tmp_path):
    by_env = load(secrets={"token": {"env": "TOKEN"}})
    by_file = load(secrets={"token": {"file": "/etc/keys/token"}})
    kept = {"token": {"name": "tokens", "key": "token"}}
    other = {"token": {"name": "tokens", "key": "other"}}
    assert faults(tmp_path, by_env) == [("MLC508", ("secrets", "token"))]
    assert faults(tmp_path, by_file) == [("MLC508", ("secrets", "token"))]
    assert faults(tmp_path, by_env, secrets=other) == []
    assert faults(tmp_path, by_file, secrets=kept) == []
    assert faults(tmp_path, by_file, secrets=other) == [("MLC508", ("targets", "kfp", "secrets", "token"))]


def test_text_that_kfp_would_expand_is_refused_where_it_cannot_be_escaped(tmp_path):
    tag = {"tag": Parameter(type="string", default="{{$.run}}")}
    assert faults(tmp_path, load(), parameters=tag) == [("MLC506", ("parameters", "tag", "default"))]
    own = load(policy=Policy(env={"A": "{{workflow.name}}"}))
    assert faults(tmp_path, own) == [("MLC506", ("tests", "load_flights", "policy", "env", "A"))]
    found = faults(tmp_path, load(), policy={"env": {"A": "{$x"}})
    assert found == [("MLC506", ("targets", "kfp", "policy", "env", "A"))]
    found = faults(tmp_path, load(), pipeline_root="s3://{{x}}")
    assert found == [("MLC506", ("targets", "kfp", "pipeline_root"))]


@pytest.mark.parametrize("name", ["class", "json", "as_json"])
def test_a_parameter_must_be_a_free_name(tmp_path, name):
    taken = {name: Parameter(type="int", default=1)}
    assert faults(tmp_path, load(), parameters=taken) == [("MLC505", ("parameters", name))]


def test_pipelines_need_files_of_their_own(tmp_path):
    one = monitor_pipeline()
    plan = flights_plan(None, one, one.model_copy(update={"name": "Weather_Drift"}))
    assert [fault.code for fault in check(plan, tmp_path)] == ["MLC505"]


def test_a_schedule_that_kfp_reads_otherwise_is_refused(tmp_path):
    schedule = Schedule(cron="0 3 * * 1", timezone="Europe/Berlin")
    plan = flights_plan(None, monitor_pipeline().model_copy(update={"schedule": schedule}))
    (fault,) = check(plan, tmp_path)
    assert (fault.code, fault.path) == ("MLC501", ("monitors", "weather_drift", "schedule"))
    assert "in UTC only, not in Europe/Berlin" in fault.message

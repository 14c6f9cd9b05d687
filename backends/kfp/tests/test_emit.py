"""What is generated for the flagship. Regenerate with: UPDATE_GOLDEN=1 python -m pytest backends/kfp"""

import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from mlopsc_kfp.emit import emit, module

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.plan.plan import Infrastructure
from mlopsc.runtime.user_code import digest_of_functions
from mlopsc.vocabulary.parameters import Parameter
from mlopsc.vocabulary.policy import Accelerator, Policy
from tests.plans import IMAGE, flights_plan, monitor_pipeline, step, train_pipeline, trial_steps

GOLDEN = Path(__file__).parent / "golden"
PROJECT = Path(__file__).parents[3] / "examples/custom_code"


def generated(pipeline, **settings):
    plan = flights_plan({"kfp": {"image": IMAGE, **settings}}, pipeline)
    return module(plan, pipeline, f"{pipeline.name}.yaml", PROJECT)


def only(*steps, parameters=None, **pipeline):
    return train_pipeline().model_copy(update={"steps": steps, "parameters": parameters or {}, **pipeline})


def load(name="load_flights", policy=None, **configuration):
    full = {"dataset": "flights", "source": {"type": "parquet", "path": "flights.parquet"}, **configuration}
    return step(name, "load", full, policy=policy)


def any_patch(text):
    """Return the text as every patch of kfp 2.17 writes it."""
    return re.sub(r"(sdkVersion: kfp-2\.17)\.\d+", r"\1.0", text)


@pytest.mark.kfp
def test_the_flagship_is_generated_as_it_stands_in_golden():
    pytest.importorskip("kfp", reason="compiling needs the kfp SDK: pip install 'mlopsc[kfp]'")
    files = {file.path: any_patch(file.text) for file in emit(flights_plan(), PROJECT)}
    again = {file.path: any_patch(file.text) for file in emit(flights_plan(), PROJECT)}
    assert files == again, "two compiles differ"
    if os.environ.get("UPDATE_GOLDEN"):
        for path, text in files.items():
            (GOLDEN / path).write_text(text, encoding="utf-8")
    assert files == {path.name: path.read_text(encoding="utf-8") for path in GOLDEN.iterdir()}


def test_formatter_and_linter_find_nothing_to_say():
    for command in (["format", "--check"], ["check", "--select", "E,F,I,W,UP,B"]):
        shared = ["--isolated", "--line-length", "100", str(GOLDEN)]
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *shared], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout


@pytest.mark.kfp
def test_policies_reach_the_ir():
    pytest.importorskip("kfp", reason="compiling needs the kfp SDK: pip install 'mlopsc[kfp]'")
    spec, platform = yaml.safe_load_all((GOLDEN / "train.yaml").read_text(encoding="utf-8"))
    train = spec["root"]["dag"]["tasks"]["train"]
    container = spec["deploymentSpec"]["executors"]["exec-train"]["container"]
    assert train["taskInfo"]["name"] == "train_late_arrival"
    assert train["retryPolicy"]["maxRetryCount"] == 1
    assert train["retryPolicy"]["backoffDuration"] == "10s"
    assert container["image"] == IMAGE
    assert container["env"] == [{"name": "OMP_NUM_THREADS", "value": "2"}]
    assert container["resources"]["resourceCpuLimit"] == "2"
    assert container["resources"]["resourceMemoryRequest"] == "4Gi"
    executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert executors["exec-train"] == {"activeDeadlineSeconds": "1800"}


def test_accelerators_and_images_of_their_own():
    text = generated(monitor_pipeline())
    assert '@dsl.component(base_image="registry.example.com/flights-gpu:1.0"' in text
    assert 'drift_weather_drift.set_accelerator_type("nvidia.com/gpu")' in text
    assert "drift_weather_drift.set_accelerator_limit(2)" in text


def uncached(**settings):
    text = generated(train_pipeline(), **settings)
    return set(re.findall(r"    (\w+)\.set_caching_options\(False\)", text))


def test_only_pure_steps_that_cannot_refuse_use_the_cache_of_kfp():
    every = {"load_flights", "validate_flights", "load_weather", "validate_weather"}
    every |= {"champion_late_arrival_production", "register_late_arrival", "verdict_task"}
    every |= {"split_late_arrival"}
    assert uncached(cache=True) == every


def test_a_tag_may_hide_other_code_so_only_an_image_pinned_by_digest_caches_by_itself():
    assert len(uncached()) == 14
    assert len(uncached(image=f"registry.example.com/flights@sha256:{'0' * 64}")) == 8
    assert len(uncached(cache=False)) == 14


def test_order_without_data_is_kept():
    assert "features_late_arrival.after(validate_flights, validate_weather)" in generated(train_pipeline())


def test_steps_that_may_refuse_are_never_retried():
    text = generated(train_pipeline(), policy={"retries": 3})
    assert "load_flights.set_retry(num_retries=3)" in text
    assert "validate_flights.set_retry" not in text
    assert "verdict_task.set_retry" not in text


def test_small_shares_of_a_core_and_of_a_second():
    policy = Policy(cpu=0.25, memory="500k", timeout=timedelta(milliseconds=200))
    text = generated(only(load(policy=policy)))
    assert 'load_flights.set_cpu_limit("250m")' in text
    assert 'load_flights.set_memory_limit("500K")' in text
    assert "kubernetes.set_timeout(load_flights, seconds=1)" in text


def test_secrets_come_from_the_clusters_own():
    pipeline = only(
        load(
            source={"type": "csv", "path": "s3://b/f", "storage_options": {"key": {"secret": "bucket"}}},
            secrets={"bucket": {"env": "BUCKET_KEY"}, "certificate": {"file": "/etc/certs/tls.crt"}},
        )
    )
    text = generated(
        pipeline,
        secrets={"bucket": {"name": "s3", "key": "token"}, "certificate": {"name": "tls", "key": "tls.crt"}},
        env_secrets={"MLOPSC_REGISTRY_URL": {"name": "registry", "key": "url"}},
    )
    assert 'secret_name="s3",\n        secret_key_to_env={"token": "BUCKET_KEY"},' in text
    assert 'use_secret_as_volume(load_flights, secret_name="tls", mount_path="/etc/certs")' in text
    assert 'secret_key_to_env={"url": "MLOPSC_REGISTRY_URL"}' in text


def test_registry_and_store_are_told_to_the_steps_that_reach_them():
    infrastructure = Infrastructure(
        registry="postgresql://db.example.com/registry", store="s3://bucket/store"
    )
    pipeline = train_pipeline()
    text = module(
        flights_plan(None, pipeline, infrastructure=infrastructure), pipeline, "train.yaml", PROJECT
    )
    assert 'REGISTRY_URL = "postgresql://db.example.com/registry"' in text
    assert text.count('.set_env_variable("MLOPSC_REGISTRY_URL", REGISTRY_URL)') == 2
    assert text.count('.set_env_variable("MLOPSC_STORE_URL", STORE_URL)') == 2


def test_a_parameter_alone_takes_the_place_of_its_argument():
    assert "        until=as_of,\n" in generated(train_pipeline())


def test_a_parameter_inside_text_is_passed_besides():
    text = generated(monitor_pipeline())
    assert "where=as_json(\"origin <> '${params.as_of}'\")" in text
    assert "        as_of=as_of,\n" in text
    assert 'parameters={"as_of": as_of}' in text


def test_a_text_parameter_is_never_searched_for_references_again():
    pipeline = only(
        load(timezone="${params.zone}"), parameters={"zone": Parameter(type="string", default="UTC")}
    )
    text = generated(pipeline)
    assert '        timezone=as_json("${params.zone}"),\n        zone=zone,\n' in text


def test_steps_share_a_component_until_their_signatures_differ():
    gpu = Policy(image="registry.example.com/gpu:1.0", accelerator=Accelerator(type="nvidia.com/gpu"))
    text = generated(
        only(load("load_a"), load("load_b", columns={"x": {"type": "int64"}}), load("load_c", gpu))
    )
    assert text.count("@dsl.component") == 2
    assert "load_b = load_for_load_a(" in text
    assert "load_c = load_for_load_c(" in text


def test_ports_and_fields_of_one_name_are_told_apart():
    view = step(
        "view_daily",
        "sql_view",
        {"view": "daily", "sql": "select * from sql", "tables": ["sql", "table", "json"]},
        {"sql": "load_flights.data", "table": "load_flights.data", "json": "load_flights.data"},
    )
    text = generated(only(load(), view))
    assert (
        "    sql: Input[Dataset],\n    table_input: Input[Dataset],\n    json_input: Input[Dataset],\n"
        "    table: Output[Dataset],\n    view: str,\n    sql_config: str,\n" in text
    )
    assert '"sql": sql.path, "table": table_input.path, "json": json_input.path' in text


def test_required_parameters_stand_first():
    parameters = {"late": Parameter(type="float", default=15), "day": Parameter(type="string")}
    pipeline = only(load(), parameters=parameters)
    assert "def train_pipeline(day: str, late: float = 15.0) -> None:" in generated(pipeline)


def test_a_schedule_becomes_a_recurring_run():
    text = generated(monitor_pipeline())
    assert 'cron_expression="0 0 3 * * 1"' in text
    assert 'pipeline_package_path="weather_drift.yaml"' in text
    assert "def schedule" not in generated(train_pipeline())


def test_a_name_with_a_placeholder_is_refused():
    with pytest.raises(MlopscError, match="dataset of step load_flights is no name"):
        generated(only(load(dataset="{{$.x}}")))


def test_a_step_is_told_which_user_code_it_was_compiled_for():
    source = {"type": "python", "python": "diabetes.sources:load_patients"}
    text = generated(only(load("load_a", dataset="a", source=source), load("load_b")))
    digest = digest_of_functions(PROJECT, ["diabetes.sources:load_patients"])
    assert f'        code_digest="{digest}",\n' in text
    assert text.count("code=code_digest") == 1
    assert text.count("@dsl.component") == 2, "steps without user code need no digest"


def tuned(count=3, limit=2):
    return only(*trial_steps(count, limit))


def test_steps_of_a_fan_out_are_one_task_in_a_parallel_loop():
    """What a person would write: a loop over what differs, and its results collected into one argument."""
    found = generated(tuned())
    golden = GOLDEN.parent / "golden_tuned" / "train.py"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(found, encoding="utf-8")
    assert found == golden.read_text(encoding="utf-8")


def test_a_fan_out_without_a_limit_leaves_it_to_the_cluster():
    assert "with dsl.ParallelFor(items=list(range(4))) as index:" in generated(tuned(4, None))


@pytest.mark.kfp
def test_a_loop_takes_no_more_of_the_ir_than_one_step():
    """However many trials there are, the IR has one task for them and a list."""
    pytest.importorskip("kfp", reason="compiling needs the kfp SDK: pip install 'mlopsc[kfp]'")
    pipeline = tuned(200)
    plan = flights_plan({"kfp": {"image": IMAGE}}, pipeline)
    ir = next(file.text for file in emit(plan, PROJECT) if file.path == "train.yaml")
    spec = next(yaml.safe_load_all(ir))
    tasks = spec["root"]["dag"]["tasks"]
    assert sum("for-loop" in name for name in tasks) == 1
    assert sum(name.startswith("exec-trial") for name in spec["deploymentSpec"]["executors"]) == 1
    (loop,) = (task for task in tasks.values() if "parameterIterator" in task)
    assert loop["iteratorPolicy"] == {"parallelismLimit": 2}
    assert spec["components"]["comp-collect-trials"]["inputDefinitions"]["artifacts"]["trials_input"][
        "isArtifactList"
    ]

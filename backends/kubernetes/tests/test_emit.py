"""What is generated for the flagship. Regenerate with: UPDATE_GOLDEN=1 python -m pytest backends/kubernetes"""

import os
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from mlopsc_kubernetes.emit import emit
from mlopsc_kubernetes.resources import resources

from mlopsc.plan.plan import Plan, Schedule
from mlopsc.vocabulary.parameters import Parameter
from mlopsc.vocabulary.policy import Accelerator, Policy
from tests.plans import IMAGE, flights_plan, monitor_pipeline, step, train_pipeline

GOLDEN = Path(__file__).parent / "golden"
SHARED = {
    "MLOPSC_REGISTRY_URL": {"name": "mlopsc", "key": "registry-url"},
    "MLOPSC_STORE_URL": {"name": "mlopsc", "key": "store-url"},
}
EVERYTHING = {
    "namespace": "ml",
    "service_account": "trainer",
    "image_pull_secrets": ["pull"],
    "directory": "/srv/flights",
    "user": 65532,
    "policy": {"cpu": 0.5, "memory": "512Mi", "accelerator": {"type": "nvidia.com/gpu", "count": 1}},
    "parameters": {"as_of": "now", "trees": 50},
    "env": {"AWS_REGION": "eu-central-1", "PRICE": "5$"},
    "secrets": {
        "bucket": {"name": "s3", "key": "token"},
        "certificate": {"name": "tls", "key": "tls.crt"},
        "key": {"name": "tls", "key": "tls.key"},
    },
    "node_selector": {"disktype": "ssd"},
    "tolerations": [{"key": "gpu", "value": "yes", "effect": "NoSchedule"}, {"key": "spot"}],
    "backoff_limit": 0,
    "deadline": "2h",
    "starting_deadline": "10m",
    "keep": "1d",
}


def plan_of(*pipelines, **settings):
    return flights_plan({"kubernetes": {"image": IMAGE, "env_secrets": SHARED, **settings}}, *pipelines)


def only(*steps, **pipeline):
    return train_pipeline().model_copy(update={"steps": steps, **pipeline})


def load(policy=None, **configuration):
    full = {"dataset": "flights", "source": {"type": "parquet", "path": "flights.parquet"}, **configuration}
    return step("load_flights", "load", full, policy=policy)


def with_secrets():
    return only(
        load(
            source={"type": "csv", "path": "s3://b/f", "storage_options": {"key": {"secret": "bucket"}}},
            secrets={
                "bucket": {"env": "BUCKET_KEY"},
                "certificate": {"file": "/etc/certs/client.crt"},
                "key": {"file": "secrets/client.key"},
            },
        )
    )


def manifest(plan):
    (file,) = emit(plan)
    return yaml.safe_load(file.text)


def pod_of(document):
    job = document["spec"].get("jobTemplate", document)["spec"]
    return job["template"]["spec"]


def container_of(document):
    (container,) = pod_of(document)["containers"]
    return container


def variables(document):
    return {one["name"]: one.get("value", one.get("valueFrom")) for one in container_of(document)["env"]}


def test_the_flagship_is_generated_as_it_stands_in_golden():
    files = {file.path: file.text for file in emit(plan_of())}
    files["everything.yaml"] = emit(plan_of(with_secrets(), **EVERYTHING))[0].text
    if os.environ.get("UPDATE_GOLDEN"):
        for path, text in files.items():
            (GOLDEN / path).write_text(text, encoding="utf-8")
    assert files == {path.name: path.read_text(encoding="utf-8") for path in GOLDEN.iterdir()}


def test_a_plan_from_json_gives_the_same_bytes():
    plan = plan_of(with_secrets(), **EVERYTHING)
    assert emit(plan) == emit(Plan.model_validate_json(plan.model_dump_json()))


@pytest.mark.parametrize("version", ["1.31", "1.37"])
@pytest.mark.parametrize("path", sorted(GOLDEN.iterdir()), ids=lambda path: path.stem)
def test_it_is_valid_for_kubernetes(path, version):
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    kubernetes_validate.validate(document, version, strict=True)


def test_a_key_that_kubernetes_does_not_know_would_be_found():
    document = yaml.safe_load((GOLDEN / "train.yaml").read_text(encoding="utf-8"))
    document["spec"]["backofLimit"] = 1
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(document, "1.37", strict=True)


def test_a_pod_keeps_the_rules_of_restricted_namespaces():
    """As the Pod Security Standard `restricted` says, and no more is writable than two empty folders."""
    for path in GOLDEN.iterdir():
        pod = pod_of(yaml.safe_load(path.read_text(encoding="utf-8")))
        container = pod["containers"][0]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        }
        writable = [one["mountPath"] for one in container["volumeMounts"] if not one.get("readOnly")]
        assert writable == [f"{container['workingDir']}/.mlopsc", "/tmp"]


def test_a_rule_that_said_no_is_never_tried_again_and_a_lost_node_always():
    job = manifest(plan_of(train_pipeline()))["spec"]
    final, lost = job["podFailurePolicy"]["rules"]
    assert (final["action"], final["onExitCodes"]["values"]) == ("FailJob", [1, 2, 5])
    assert final["onExitCodes"]["containerName"] == job["template"]["spec"]["containers"][0]["name"]
    assert (lost["action"], lost["onPodConditions"][0]["type"]) == ("Ignore", "DisruptionTarget")
    assert job["template"]["spec"]["restartPolicy"] == "Never"


def test_a_schedule_is_a_cron_job_in_its_own_zone():
    monitor = monitor_pipeline()
    sunday = monitor.model_copy(update={"schedule": Schedule(cron="30 6 * * 7", timezone="Europe/Berlin")})
    document = manifest(plan_of(sunday))
    assert (document["kind"], document["spec"]["schedule"]) == ("CronJob", "30 6 * * 0")
    assert document["spec"]["timeZone"] == "Europe/Berlin"
    assert document["spec"]["concurrencyPolicy"] == "Forbid"
    assert manifest(plan_of(monitor.model_copy(update={"schedule": None})))["kind"] == "Job"


def test_the_command_is_that_of_a_laptop():
    given = {"spec": "other.yaml", "environment": "prod", "variables": {"late_after": "30"}}
    train, monitor, predict = emit(plan_of().model_copy(update=given))
    options = ["./other.yaml", "--local", "--environment=prod", "--var=late_after=30"]
    assert container_of(yaml.safe_load(train.text))["command"] == ["mlopsc"]
    assert container_of(yaml.safe_load(train.text))["args"] == ["run", *options]
    options.remove("--local")
    assert container_of(yaml.safe_load(monitor.text))["args"] == ["monitor", "weather_drift", *options]
    words = ["predict", "late_arrival", "$(MLOPSC_PARAM_input)", *options]
    assert container_of(yaml.safe_load(predict.text))["args"] == words


def test_a_pod_is_as_large_as_its_largest_step():
    steps = (
        load(Policy(cpu=0.25, memory="1G")),
        load(Policy(cpu=3, memory="900Mi")),
        load(),
    )
    whole = resources(only(*steps), Policy())
    assert whole == {"requests": {"cpu": "3", "memory": "1G"}, "limits": {"cpu": "3", "memory": "1G"}}
    assert resources(only(load()), Policy()) == {}
    asked = resources(
        only(load()), Policy(cpu=0.0001, accelerator=Accelerator(type="nvidia.com/gpu", count=2))
    )
    assert asked["limits"] == {"cpu": "1m", "nvidia.com/gpu": "2"}


def test_secrets_come_from_the_cluster_as_the_spec_reads_them():
    document = manifest(plan_of(with_secrets(), **EVERYTHING))
    assert variables(document)["BUCKET_KEY"] == {"secretKeyRef": {"name": "s3", "key": "token"}}
    mounts = {one["name"]: one for one in container_of(document)["volumeMounts"]}
    volumes = {one["name"]: one for one in pod_of(document)["volumes"]}
    places = {one["mountPath"]: volumes[name]["secret"] for name, one in mounts.items() if "subPath" in one}
    assert places == {
        "/etc/certs/client.crt": {"secretName": "tls", "items": [{"key": "tls.crt", "path": "client.crt"}]},
        "/srv/flights/secrets/client.key": {
            "secretName": "tls",
            "items": [{"key": "tls.key", "path": "client.key"}],
        },
    }


def test_the_ledger_names_the_pod():
    assert variables(manifest(plan_of(train_pipeline())))["MLOPSC_ACTOR"] == {
        "fieldRef": {"fieldPath": "metadata.name"}
    }


def test_parameters_are_told_where_one_looks_first():
    needed = {
        "day": Parameter(type="timestamp", description="The last day"),
        "late": Parameter(type="int", default=15),
    }
    (file,) = emit(plan_of(only(load(), parameters=needed), parameters={"late": 20}))
    head = file.text.partition("---")[0].splitlines()
    assert "# Parameter day: timestamp, must be given. The last day" in head
    assert "# Parameter late: int, 20 by default." in head
    given = "kubectl set env --local -o yaml -f train.yaml MLOPSC_PARAM_day=VALUE | kubectl create -f -"
    assert f"# With parameters: {given}" in head
    found = variables(yaml.safe_load(file.text))
    assert found["MLOPSC_PARAM_late"] == "20"
    assert "MLOPSC_PARAM_day" not in found


def test_durations_are_seconds():
    job = manifest(plan_of(train_pipeline(), deadline="90m", keep="1h"))["spec"]
    assert (job["activeDeadlineSeconds"], job["ttlSecondsAfterFinished"]) == (5400, 3600)
    assert "activeDeadlineSeconds" not in manifest(plan_of(train_pipeline()))["spec"]

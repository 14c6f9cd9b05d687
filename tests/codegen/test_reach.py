"""Places that only this machine reaches."""

import pytest

from mlopsc.codegen.reach import Elsewhere, infrastructure_faults
from mlopsc.plan.plan import Infrastructure
from mlopsc.vocabulary.engine import DuckDbEngine, SparkEngine
from mlopsc.vocabulary.tracking import Tracking
from tests.plans import flights_plan

POD = Elsewhere("a pod", "pods", "targets.kfp.env_secrets")


@pytest.mark.parametrize(
    ("url", "reached"),
    [("redis://cache.example.com/0", True), ("redis://localhost/0", False), ("unix:///run/redis.sock", False),
     ("online.db", False), (None, True)],
)  # fmt: skip
def test_an_online_store_of_this_machine_is_refused_elsewhere(url, reached):
    plan = flights_plan().model_copy(update={"infrastructure": Infrastructure(online_store=url)})
    found = list(infrastructure_faults(plan, POD))
    assert [(one.code, one.path) for one in found] == (
        [] if reached else [("MLC502", ("infrastructure", "online_store"))]
    )
    if found:
        assert "MLOPSC_ONLINE_STORE_URL" in str(found[0].help)


@pytest.mark.parametrize(
    ("master", "reached"),
    [("local[4]", True), ("yarn", True), ("spark://spark.example.com:7077", True),
     ("k8s://https://api.example.com", True),
     ("k8s://api.example.com:443", True), ("spark://localhost:7077", False), ("spark://127.0.0.1:1,spark-2:1", False),
     ("k8s://https://127.0.0.1:6443", False), ("k8s://localhost:6443", False)],
)  # fmt: skip
def test_a_spark_master_of_this_machine_is_refused_elsewhere(master, reached):
    """`local[N]` is Spark within the pod itself."""
    plan = flights_plan().model_copy(
        update={"infrastructure": Infrastructure(engine=SparkEngine(master=master))}
    )
    found = list(infrastructure_faults(plan, POD))
    assert [(one.code, one.path) for one in found] == (
        [] if reached else [("MLC502", ("infrastructure", "engine", "master"))]
    )
    if found:
        assert found[0].message == f"the Spark master {master!r} is on this machine: a pod cannot reach it"
        assert "local[N]" in str(found[0].help)


@pytest.mark.parametrize(
    ("server", "reached"),
    [("https://mlflow.example.com", True), (None, True), ("local", False), ("sqlite:///mlflow.db", False),
     ("http://127.0.0.1:5000", False)],
)  # fmt: skip
def test_an_mlflow_of_this_machine_is_refused_elsewhere(server, reached):
    plan = flights_plan().model_copy(
        update={"infrastructure": Infrastructure(tracking=Tracking(mlflow=server))}
    )
    found = list(infrastructure_faults(plan, POD))
    assert [(one.code, one.path) for one in found] == (
        [] if reached else [("MLC502", ("infrastructure", "tracking", "mlflow"))]
    )
    if found:
        assert "MLOPSC_TRACKING_URL" in str(found[0].help)


def test_duckdb_is_everywhere():
    plan = flights_plan().model_copy(update={"infrastructure": Infrastructure(engine=DuckDbEngine())})
    assert list(infrastructure_faults(plan, POD)) == []

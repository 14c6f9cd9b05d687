"""Places that only this machine reaches."""

import pytest

from mlopsc.codegen.reach import Elsewhere, infrastructure_faults
from mlopsc.plan.plan import Infrastructure
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

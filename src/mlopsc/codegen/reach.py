"""Which registries, stores and online stores a step on another machine reaches: not those that are on this one."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from mlopsc.plan.plan import Plan
from mlopsc.targets import Fault
from mlopsc.vocabulary.engine import SparkEngine
from mlopsc.vocabulary.tracking import LOCAL, TRACKING_VARIABLE

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_LOCAL_SCHEMES = frozenset({"", "file", "local", "memory", "sqlite", "unix"})


@dataclass(frozen=True)
class Elsewhere:
    """Where a target's steps run, as messages say it."""

    one: str
    """`a pod of Kubeflow Pipelines`."""
    all: str
    """`pods`."""
    environment: str
    """The setting that gives them environment variables: `targets.kfp.env_secrets`."""


def is_local(url: str) -> bool:
    """Whether the URL of a registry or store leads to the machine that reads it."""
    parts = urlsplit(url)
    return parts.scheme.partition("+")[0] in _LOCAL_SCHEMES or parts.hostname in _HERE


def infrastructure_faults(plan: Plan, elsewhere: Elsewhere) -> Iterator[Fault]:
    """Yield a fault for what is shared, and a Spark master, that only this machine reaches."""
    for key, url in plan.infrastructure:
        if isinstance(url, str) and is_local(url):
            yield Fault(
                "MLC502",
                ("infrastructure", key),
                f"the {key.replace('_', ' ')} {url!r} is on this machine: {elsewhere.one} cannot reach it",
                f"give a URL that {elsewhere.all} reach, or leave it out and set MLOPSC_{key.upper()}_URL for them "
                f"({elsewhere.environment})",
            )
    tracking = plan.infrastructure.tracking
    server = None if tracking is None else tracking.mlflow
    if isinstance(server, str) and (server == LOCAL or is_local(server)):
        yield Fault(
            "MLC502",
            ("infrastructure", "tracking", "mlflow"),
            f"MLflow at {server!r} is on this machine: {elsewhere.one} cannot reach it",
            f"give a URL that {elsewhere.all} reach, or leave it out and set {TRACKING_VARIABLE} for them "
            f"({elsewhere.environment})",
        )
    engine = plan.infrastructure.engine
    if isinstance(engine, SparkEngine) and "://" in engine.master and is_local(_address(engine.master)):
        yield Fault(
            "MLC502",
            ("infrastructure", "engine", "master"),
            f"the Spark master {engine.master!r} is on this machine: {elsewhere.one} cannot reach it",
            f"give an address that {elsewhere.all} reach, or local[N] for Spark within each of them",
        )


def _address(master: str) -> str:
    """Return where a Spark master is: that of Kubernetes, `k8s://https://HOST:PORT` or without `https://`."""
    inner = master.removeprefix("k8s://")
    return inner if "://" in inner else f"https://{inner}"

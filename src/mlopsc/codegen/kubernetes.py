"""What targets on Kubernetes share: names of images, variables and keys of Secrets, and secrets that have none."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import StringConstraints

from mlopsc.targets import Fault
from mlopsc.vocabulary.base import Frozen

Image = Annotated[str, StringConstraints(pattern=r"^[^\s$`{}\\\"']+$")]
"""A container image's name, with its registry and its tag or digest."""
VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
"""An environment variable's name."""
ObjectName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]
"""An object's name: a DNS subdomain."""
_Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,253}$")]


class KubernetesSecret(Frozen):
    """One key of a Kubernetes Secret in the namespace that the pipeline runs in."""

    name: ObjectName
    """The Secret's name."""
    key: _Key
    """The key of its data."""


def secret_off_the_cluster(name: str, source: Mapping[str, Any], target: str) -> Fault:
    """Return the fault of a secret that the target's settings map to no Secret; `source` is as the spec declares it."""
    where = "files" if source.get("file") else "environment"
    return Fault(
        "MLC508",
        ("secrets", name),
        f"secret {name!r} is not on the cluster: it comes from this machine's {where}",
        f"say which Kubernetes Secret holds it: targets.{target}.secrets.{name}: {{name: …, key: …}}",
    )

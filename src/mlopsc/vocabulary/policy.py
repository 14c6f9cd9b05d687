"""How a step is run: retries, time, resources, environment, image. Never what it computes."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.time import Duration

Memory = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]*(Ki|Mi|Gi|Ti|k|M|G|T)?$")]
"""A quantity of bytes as Kubernetes writes it: 512Mi, 4Gi, 2G."""
_UNITS = {
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12,
}  # fmt: skip


class Accelerator(Frozen):
    """Devices that a step asks for."""

    type: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$")]
    """The resource's name at the target, such as `nvidia.com/gpu`."""
    count: Annotated[int, Field(ge=1, le=64)] = 1


class Policy(Frozen):
    """Requests and limits of a step; what is None is the target's default."""

    retries: Annotated[int, Field(ge=0, le=100)] | None = None
    """How often a crashed step is tried again. A refusal (check, gate) is never retried."""
    retry_delay: Duration | None = None
    """The wait before each retry."""
    timeout: Duration | None = None
    """How long one try may take before it is stopped."""
    cpu: Annotated[float, Field(gt=0, le=1024)] | None = None
    """Cores."""
    memory: Memory | None = None
    """Bytes, as Kubernetes writes them."""
    accelerator: Accelerator | None = None
    env: dict[Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")], str] | None = None
    """Environment variables of the step; they are part of its cache key."""
    image: Annotated[str, StringConstraints(min_length=1, pattern=r"^[^\s$`{}\\\"']+$")] | None = None
    """The container image that the step runs in."""

    def over(self, default: "Policy") -> "Policy":
        """Return this policy with what it leaves open taken from `default`; `env` maps are merged."""
        own, base = self._set(), default._set()
        merged = base | own
        if "env" in own and "env" in base:
            merged["env"] = {**base["env"], **own["env"]}
        return Policy.model_construct(**merged)

    def _set(self) -> dict[str, Any]:
        return {name: value for name, value in self if value is not None}


def memory_bytes(quantity: str) -> int:
    """Return the bytes that a quantity says."""
    digits = quantity.rstrip("KMGTki")
    return int(digits) * _UNITS.get(quantity[len(digits) :], 1)

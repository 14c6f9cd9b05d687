"""What may stand under `targets.kubernetes`."""

import json
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from mlopsc.codegen.kubernetes import Image, KubernetesSecret, ObjectName, VariableName
from mlopsc.plan.plan import Plan
from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.policy import Policy
from mlopsc.vocabulary.references import Scalar
from mlopsc.vocabulary.time import Duration

_Namespace = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
_Folder = Annotated[str, StringConstraints(pattern=r"^(/[^/:\x00-\x1f]+)+$")]
_Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
_Label = r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
_LabelKey = Annotated[
    str,
    StringConstraints(pattern=rf"^([a-z0-9]([a-z0-9.-]{{0,251}}[a-z0-9])?/)?{_Label}$"),
]
_LabelValue = Annotated[str, StringConstraints(pattern=rf"^({_Label})?$")]


class Toleration(Frozen):
    """A taint of nodes that the pods bear."""

    key: _LabelKey | None = None
    """The taint's key; every taint if left out."""
    value: _LabelValue | None = None
    """The taint's value; any value if left out."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """The taint's effect; every effect if left out."""


class KubernetesSettings(Frozen):
    """Settings of the target `kubernetes`."""

    image: Image | None = None
    """The image of all pods: it holds the project and mlopsc. A pod runs a whole pipeline, so its steps share it."""
    directory: _Folder = "/project"
    """The project's folder in the image."""
    namespace: _Namespace | None = None
    """The namespace of all objects; otherwise the one that `kubectl` is set to."""
    service_account: ObjectName | None = None
    """The service account of the pods; the namespace's default otherwise. Its token is not mounted."""
    image_pull_secrets: tuple[ObjectName, ...] = ()
    """Secrets with which the image is pulled."""
    user: Annotated[int, Field(ge=1, le=2**31 - 1)] = 10001
    """The user and group id of the pods' processes. The image need not know them."""
    policy: Policy = Policy()
    """`cpu` and `memory` of steps that ask for none, and the `accelerator` of the pod."""
    parameters: dict[str, Scalar] = {}
    """Values of the spec's parameters, in place of their defaults; a timestamp may be `now`, when the run begins."""
    env: dict[VariableName, _Text] = {}
    """Environment variables of the pods."""
    env_secrets: dict[VariableName, KubernetesSecret] = {}
    """Environment variable → Secret: MLOPSC_REGISTRY_URL with its password, for example."""
    secrets: dict[str, KubernetesSecret] = {}
    """Secret of the spec → where the cluster keeps it. Pods get it as the environment variable or the file that the
    spec names."""
    node_selector: dict[_LabelKey, _LabelValue] = {}
    """Labels of the nodes that pods may run on."""
    tolerations: tuple[Toleration, ...] = ()
    """Taints of nodes that pods bear."""
    backoff_limit: Annotated[int, Field(ge=0, le=100)] = 2
    """How often a pod that crashed or was lost is replaced: the next one finds in the store what was done. A pod that a
    rule said no to never is, and one whose node was drained always."""
    deadline: Duration | None = None
    """How long a run may take, waiting for a node included; forever if left out."""
    starting_deadline: Annotated[Duration, Field(ge=timedelta(seconds=10))] = timedelta(hours=1)
    """How much later than scheduled a run may still start."""
    keep: Duration = timedelta(days=7)
    """How long a finished run and its log are kept."""


def settings_of(plan: Plan) -> KubernetesSettings:
    """Return the plan's settings for this target."""
    return KubernetesSettings.model_validate_json(json.dumps(plan.targets.get("kubernetes", {})))

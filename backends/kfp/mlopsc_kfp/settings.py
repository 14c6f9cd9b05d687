"""What may stand under `targets.kfp`, and the policy that a step has there."""

import json
import re
from typing import Annotated

from pydantic import StringConstraints

from mlopsc.codegen.kubernetes import Image, KubernetesSecret, VariableName
from mlopsc.plan.plan import Plan, Step
from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.operations import operation_class
from mlopsc.vocabulary.policy import Policy

PLACEHOLDER = re.compile(r"\{[{$]")
"""What Kubeflow Pipelines or Argo may take for the beginning of a placeholder, wherever it stands."""

RESERVED = frozenset(
    {
        "Artifact",
        "Dataset",
        "IMAGE",
        "Input",
        "Metrics",
        "Model",
        "Output",
        "REGISTRY_URL",
        "STORE_URL",
        "as_json",
    }
    | {"compiler", "dsl", "json", "kfp", "kubernetes", "re", "schedule"}
)
"""What a generated module defines or imports besides its components and its pipeline."""


class KfpSettings(Frozen):
    """Settings of the target `kfp`."""

    image: Image | None = None
    """The image of all steps that name none; it holds the project, mlopsc and the kfp SDK."""
    policy: Policy = Policy()
    """What steps leave open in their own policies."""
    secrets: dict[str, KubernetesSecret] = {}
    """Secret of the spec → where the cluster keeps it. It is given to the steps that use it, as the environment
    variable or the file that the spec names."""
    env_secrets: dict[VariableName, KubernetesSecret] = {}
    """Environment variable → Secret, for every step: MLOPSC_REGISTRY_URL with its password, for example."""
    cache: bool | None = None
    """Whether pure steps use KFP's own cache. It knows an image by its name alone, and other code under the same
    tag would be a wrong hit: left out, only steps whose image is pinned by digest (`name@sha256:…`) use it. Steps
    that look at the world, change it or may refuse never do."""
    pipeline_root: Annotated[str, StringConstraints(min_length=1)] | None = None
    """Where artifacts go, such as `s3://bucket/pipelines`; the cluster's default otherwise."""

    @property
    def default_image(self) -> str | None:
        """The image of steps that name none."""
        return self.policy.image or self.image


def settings_of(plan: Plan) -> KfpSettings:
    """Return the plan's settings for this target."""
    return KfpSettings.model_validate_json(json.dumps(plan.targets.get("kfp", {})))


def caches(step: Step, settings: KfpSettings) -> bool:
    """Say whether a step may take its result from KFP's own cache."""
    if step.kind != "pure" or operation_class(step.operation).refuses:
        return False
    image = policy_of(step, settings).image or ""
    return "@sha256:" in image if settings.cache is None else settings.cache


def policy_of(step: Step, settings: KfpSettings) -> Policy:
    """Return a step's policy, image included, over the target's defaults."""
    policy = step.effective_policy(settings.policy)
    return policy if policy.image else policy.model_copy(update={"image": settings.image})

"""What may stand under `targets.prefect`, and what follows from it for a pipeline."""

import json
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from mlopsc.codegen.kubernetes import Image
from mlopsc.plan.plan import Plan
from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.policy import Policy

_Text = Annotated[str, StringConstraints(min_length=1)]
_Pool = Annotated[str, StringConstraints(pattern=r"^[^\s/%&<>{}]+$")]
_Folder = Annotated[str, StringConstraints(pattern=r"^/[^{}\x00-\x1f]*$")]


class PrefectSettings(Frozen):
    """Settings of the target `prefect`."""

    work_pool: _Pool | None = None
    """The work pool of the deployments in `prefect.yaml`. Without one, `serve.py` runs flows where it is started."""
    work_queue: _Pool | None = None
    """The queue of that pool; its default queue otherwise."""
    image: Image | None = None
    """The image of flow runs: it holds the project, mlopsc and prefect. A flow run is one container, so all its
    steps share it."""
    directory: _Folder | None = None
    """The folder where a worker finds the generated files: in the image, or on the worker's machine. Unset: where
    `prefect deploy` was run, or Prefect's own default, `/opt/prefect`, in an image."""
    job_variables: dict[_Text, Any] = {}
    """Further variables of the work pool's job template, as they are. Prefect's placeholders
    (`{{ prefect.blocks.secret.name }}`) work here."""
    max_workers: Annotated[int, Field(ge=1, le=1000)] | None = None
    """How many steps of a flow run at once; Prefect's own setting otherwise."""
    policy: Policy = Policy()
    """What steps leave open in their own policies."""


def settings_of(plan: Plan) -> PrefectSettings:
    """Return the plan's settings for this target."""
    return PrefectSettings.model_validate_json(json.dumps(plan.targets.get("prefect", {})))

"""Runs a compiled pipeline with kfp's own local runner: `python -m mlopsc_kfp.local_runner IR ARGUMENTS ROOT [STATE]`.

A process of its own: kfp keeps its settings in globals, and its runner prints. Artifacts come to lie under
ROOT/<pipeline and time>/<component>/<argument>. With STATE, a folder that is the project's `.mlopsc` for every step,
steps run in containers of their images, else as processes of this environment.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

_STATE = "/project/.mlopsc"
"""Where the image keeps the project's state."""
_TOLD = ("MLOPSC_REGISTRY_URL", "MLOPSC_STORE_URL", "MLOPSC_ACTOR", "AWS_", "PG")
"""What variables that steps in containers are given begin with."""


def main(ir: str, arguments: str, root: str, state: str | None = None) -> None:
    """Run the pipeline in the file `ir` with the arguments in the JSON file `arguments`."""
    from kfp import components, local

    with tempfile.TemporaryDirectory() as workspace:  # kfp removes it in the end: never the artifacts' folder
        local.init(
            local.SubprocessRunner(use_venv=False) if state is None else _containers(state),
            pipeline_root=root,
            workspace_root=workspace,
            raise_on_error=False,
        )
        pipeline = components.load_component_from_file(ir)
        pipeline(**json.loads(Path(arguments).read_text(encoding="utf-8")))


def _containers(state: str) -> Any:
    """Return kfp's runner of containers, in which steps share a state and write what this user can read.

    The image's user is of group 0, as root is; for any other caller steps run as that caller. Steps are told where
    registry and store are, and what reaches them, as a cluster's environment would tell them.
    """
    from docker.types import Mount
    from kfp import local

    user = {} if os.getuid() == 0 else {"user": f"{os.getuid()}:0"}
    told = {name: value for name, value in os.environ.items() if name.startswith(_TOLD)}
    mounts = [Mount(_STATE, state, type="bind")]
    return local.DockerRunner(network_mode="host", mounts=mounts, environment=told, **user)


if __name__ == "__main__":
    main(*sys.argv[1:])

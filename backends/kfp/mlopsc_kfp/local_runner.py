"""Runs a compiled pipeline with kfp's own local runner: `python -m mlopsc_kfp.local_runner IR ARGUMENTS ROOT`.

A process of its own: kfp keeps its settings in globals, and its runner prints. Artifacts come to lie under
ROOT/<pipeline and time>/<component>/<argument>.
"""

import json
import sys
import tempfile
from pathlib import Path


def main(ir: str, arguments: str, root: str) -> None:
    """Run the pipeline in the file `ir` with the arguments in the JSON file `arguments`."""
    from kfp import components, local

    with tempfile.TemporaryDirectory() as workspace:  # kfp removes it in the end: never the artifacts' folder
        local.init(
            local.SubprocessRunner(use_venv=False),
            pipeline_root=root,
            workspace_root=workspace,
            raise_on_error=False,
        )
        pipeline = components.load_component_from_file(ir)
        pipeline(**json.loads(Path(arguments).read_text(encoding="utf-8")))


if __name__ == "__main__":
    main(*sys.argv[1:])

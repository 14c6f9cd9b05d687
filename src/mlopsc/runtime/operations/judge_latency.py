"""Judge a latency gate."""

from collections.abc import Mapping
from pathlib import Path

from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import write_json
from mlopsc.runtime.gates.judging import judge
from mlopsc.vocabulary.operations import JudgeLatency


def run(
    config: JudgeLatency, inputs: Mapping[str, Path], outputs: Mapping[str, Path], context: Context
) -> None:
    """Write the decision."""
    write_json(outputs["decision"], judge(config, inputs, context.project))

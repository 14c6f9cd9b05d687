"""Judge a metric gate: does a metric of the test part lie within its bounds."""

from collections.abc import Mapping
from pathlib import Path

from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import write_json
from mlopsc.runtime.gates.judging import judge
from mlopsc.vocabulary.operations import JudgeMetric


def run(
    config: JudgeMetric, inputs: Mapping[str, Path], outputs: Mapping[str, Path], context: Context
) -> None:
    """Write the decision."""
    write_json(outputs["decision"], judge(config, inputs, context.project))

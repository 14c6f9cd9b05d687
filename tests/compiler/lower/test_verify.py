"""A plan that the runtime would refuse never leaves the compiler."""

from pathlib import Path
from typing import Any

import pytest

from mlopsc.compiler.lower.verify import verify
from mlopsc.diagnostics.errors import MlopscError
from mlopsc.plan.plan import Artifact, Pipeline
from tests.specs import FLIGHTS, compiled


def changed(pipeline: Pipeline, name: str, **fields: Any) -> Pipeline:
    steps = tuple(step.model_copy(update=fields) if step.name == name else step for step in pipeline.steps)
    return pipeline.model_copy(update={"steps": steps})


TEST_PART = Artifact(step="split_late_arrival", port="test")


@pytest.mark.parametrize(
    ("name", "fields", "fault"),
    [
        (
            "split_late_arrival",
            {"configuration": {"operation": "split", "training": "a", "seed": 1}},
            "split: Field required",
        ),
        ("split_late_arrival", {"inputs": {}}, "inputs [], expected ['table']"),
        (
            "split_late_arrival",
            {"inputs": {"table": Artifact(step="load_flights", port="x")}},
            "nothing makes load_flights.x",
        ),
        (
            "evaluate_late_arrival",
            {"inputs": {"model": TEST_PART, "test": TEST_PART, "train": TEST_PART}},
            "model is a model, split_late_arrival.test a table",
        ),
        ("split_late_arrival", {"after": ("ghost",)}, "no step 'ghost' to come after"),
        (
            "profile_late_arrival",
            {"configuration": {"operation": "profile", "training": "${params.x}", "features": []}},
            "parameter 'x' is not the pipeline's",
        ),
    ],
)
def test_a_step_that_could_not_run_is_an_internal_fault(
    name: str, fields: dict[str, Any], fault: str, tmp_path: Path
) -> None:
    pipeline = compiled(tmp_path, FLIGHTS).require().pipeline("train")
    verify(pipeline)
    with pytest.raises(MlopscError) as caught:
        verify(changed(pipeline, name, **fields))
    assert str(caught.value).endswith(f"step '{name}' of pipeline 'train': {fault}")

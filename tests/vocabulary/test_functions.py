"""References to user functions in configurations that still hold parameters."""

from pathlib import Path

import pytest

from mlopsc.building import check_spec
from mlopsc.vocabulary.functions import functions_in
from mlopsc.vocabulary.operations import read_operation
from mlopsc.vocabulary.references import substitute

EXAMPLES = sorted(Path(__file__).parents[2].glob("examples/*/mlops.yaml"))


@pytest.mark.parametrize("spec", EXAMPLES, ids=lambda path: path.parent.name)
def test_all_that_the_operations_call_are_among_them(spec):
    for pipeline in check_spec(spec).require().pipelines:
        values = {name: parameter.default or "new.csv" for name, parameter in pipeline.parameters.items()}
        for step in pipeline.steps:
            operation = read_operation(substitute(step.configuration, values))
            assert set(operation.functions()) <= set(functions_in(step.configuration)), step.name


def test_what_is_no_reference_is_none():
    assert functions_in({"python": "${params.x}", "code": "a:b", "args": [{"python": 3}]}) == ()

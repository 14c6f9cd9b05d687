# ruff: noqa: E501 - one diagnostic is one line
from pathlib import Path

import pytest

from tests.specs import SMALL, merged, told


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        pytest.param(
            """\
training: {late: {seed: '${params.s}'}}
parameters: {s: {type: int, default: 1}}
""",
            [
                "MLC112 «${params.s}» a run-time parameter cannot stand in 'seed' | use ${vars.name}, which is settled when the spec is compiled",
            ],
            id="a whole number is settled at compile time",
        ),
        pytest.param(
            """\
project: {owner: 'of ${params.s}'}
parameters: {s: {type: string, default: a}}
""",
            [
                "MLC112 «of ${params.s}» a run-time parameter cannot stand in 'owner' | use ${vars.name}, which is settled when the spec is compiled",
            ],
            id="so is a text",
        ),
        pytest.param(
            """\
gates: {g: {type: metric, training: late, metric: roc_auc, min: 'a ${params.s}'}}
parameters: {s: {type: float, default: 1}}
""",
            [
                "MLC112 «a ${params.s}» a run-time parameter cannot stand in 'min' | use ${vars.name}, which is settled when the spec is compiled",
            ],
            id="a threshold is a number alone",
        ),
        pytest.param(
            """\
gates: {g: {type: metric, training: late, metric: roc_auc, min: '${params.s}'}}
parameters: {s: {type: string, default: x}}
""",
            [
                "MLC606 «${params.s}» 'min' takes a number, parameter 's' is a string",
            ],
            id="a threshold is a number",
        ),
        pytest.param(
            """\
training: {late: {entities: {until: '${params.s}'}}}
parameters: {s: {type: duration, default: 3h}}
""",
            [
                "MLC606 «${params.s}» 'until' takes a timestamp, parameter 's' is a duration",
            ],
            id="an instant is a timestamp",
        ),
        pytest.param(
            """\
gates: {g: {type: metric, training: late, metric: roc_auc, min: '${params.s}', max: 0.5}}
parameters: {s: {type: float, default: 0.9}}
""",
            [
                "MLC109 «g» `min` 0.9 is above `max` 0.5: nothing can pass",
            ],
            id="bounds that a default turns round",
        ),
        pytest.param(
            """\
gates: {g: {type: metric, training: late, metric: roc_auc, min: '${params.s}', max: 0.5}}
parameters: {s: {type: float}}
""",
            [],
            id="bounds of which nothing is known yet",
        ),
        pytest.param(
            """\
parameters: {s: {type: int, default: '5'}}
training: {late: {params: {max_iter: '${params.s}'}}}
""",
            [
                "MLC606 «'5'» expected a whole number, found text '5'",
            ],
            id="a default of another type",
        ),
        pytest.param(
            """\
training: {late: {entities: {until: '${params.as_off}'}}}
parameters: {as_of: {type: timestamp}}
""",
            [
                "MLC111 «${params.as_off}» undefined parameter 'as_off' | did you mean 'as_of'?",
            ],
            id="a name that is not declared",
        ),
        pytest.param(
            """\
training: {late: {params: {C: '${params.c}'}}}
parameters: {c: {type: float, default: -1.0}}
""",
            [
                "MLC312 «${params.c}» C must be a number greater than 0, found -1.0 | the parameter's default is what does not fit",
            ],
            id="an estimator's parameter by its default",
        ),
        pytest.param(
            """\
training: {late: {params: {C: '${params.c}'}}}
parameters: {c: {type: float}}
""",
            [],
            id="an estimator's parameter that only a run knows",
        ),
        pytest.param(
            """\
training: {late: {entities: {where: "distance > ${params.c} and arr_dely > ${params.c}"}}}
parameters: {c: {type: float, default: 1.0}}
""",
            [
                "MLC304 «arr_dely» unknown column 'arr_dely' | did you mean 'arr_delay'?",
            ],
            id="SQL around parameters is bound, at its place",
        ),
        pytest.param(
            """\
datasets: {flights: {source: {path: 'data/${params.f}.parquet'}}}
parameters: {f: {type: string, default: flight}}
""",
            [
                "MLC603 «data/${params.f}.parquet» no such file: 'data/flight.parquet' | did you mean 'data/flights.parquet'?",
            ],
            id="a path by its default",
        ),
        pytest.param(
            """\
datasets: {flights: {source: {path: 'data/${params.f}.parquet'}}}
parameters: {f: {type: string}}
""",
            [
                "MLC307? «flights» no schema of dataset 'flights' can be known before the run | declare its `columns`, or record them with `mlopsc lock`",
            ],
            id="a path that only a run knows",
        ),
    ],
)
def test_a_parameter_stands_only_where_a_run_may_decide_and_with_a_fitting_type(
    fragment: str, expected: list[str], tmp_path: Path
) -> None:
    assert told(tmp_path, merged(SMALL, fragment)) == expected

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
gates:
  a: {type: data, training: late, datasets: [flights], min_passed: '${params.share}', max_warnings: '${params.many}'}
  b: {type: drift, training: late, max_drifting: '${params.many}'}
  c: {type: size, training: late, max_bytes: '${params.many}'}
  d: {type: baseline, training: late, metric: roc_auc, margin: '${params.share}'}
  e: {type: calibration, training: late, max_ece: '${params.share}', max_brier: '${params.share}', max_intercept: '${params.share}'}
  f: {type: robustness, training: late, metric: roc_auc, nulls: {max_drop: '${params.share}'}, noise: {max_drop: '${params.share}'}}
registry: {m: {training: late, stages: {s: {gates: [a, b, c, d, e, f]}}}}
datasets: {flights: {primary_key: [flight]}}
parameters: {share: {type: float, default: 0.5}, many: {type: int, default: 3}}
""",
            [],
            id="every limit of a gate can be a parameter",
        ),
        pytest.param(
            """\
gates:
  b: {type: size, training: late, max_bytes: '${params.share}'}
  m: {type: robustness, training: late, metric: roc_auc, nulls: {max_drop: '${params.fast}'}}
parameters: {share: {type: float, default: 0.5}, fast: {type: duration, default: 5m}}
""",
            [
                "MLC606 «${params.share}» 'max_bytes' takes a whole number, parameter 'share' is a float",
                "MLC606 «${params.fast}» 'max_drop' takes a number, parameter 'fast' is a duration",
            ],
            id="a limit takes a parameter of its own kind",
        ),
        pytest.param(
            """\
gates:
  d: {type: baseline, training: late, metric: roc_auc, margin: '${params.share}'}
  e: {type: calibration, training: late, slope: ['${params.share}', 1.2]}
  g: {type: latency, training: late, single: {p50: '${params.fast}'}}
parameters: {share: {type: float, default: -0.5}, fast: {type: duration, default: 5m}}
""",
            [
                "MLC105 «${params.share}» must be greater than or equal to 0, found the number -0.5",
                "MLC112 «${params.share}» a run-time parameter cannot stand in entry 1 of 'slope' | use ${vars.name}, which is settled when the spec is compiled",
                "MLC112 «${params.fast}» a run-time parameter cannot stand in 'p50' | use ${vars.name}, which is settled when the spec is compiled",
            ],
            id="a limit by its default, and limits that a run does not decide",
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

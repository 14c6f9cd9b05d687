"""Slices, intervals and costs: what cannot be had is told at its line; what is asked for travels with the features."""

import pytest

from tests.specs import SMALL, compiled, merged, told

CLASSES = "training: {late: {%s}}"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("slices: [orign]", ["MLC301 «orign» 'flights' has no column 'orign' | did you mean 'origin'?"]),
        (
            "slices: [{column: orign}]",
            ["MLC301 «orign» 'flights' has no column 'orign' | did you mean 'origin'?"],
        ),
        (
            "intervals: {by: orign}",
            ["MLC301 «orign» 'flights' has no column 'orign' | did you mean 'origin'?"],
        ),
        (
            "baselines: {previous_by: [orign]}",
            ["MLC301 «orign» 'flights' has no column 'orign' | did you mean 'origin'?"],
        ),
        (
            "slices: [distance]",
            [
                "MLC340 «distance» 'distance' is float64: each of its many values would be a slice"
                " | divide it: `{column: distance, quantiles: 4}`, or by `bins`"
            ],
        ),
        (
            "slices: [{column: carrier, quantiles: 4}]",
            ["MLC340 «column: carrier» 'carrier' is string, and bins divide numbers | leave out the bins"],
        ),
        ("slices: [hour, {column: hour, bins: [6]}]", ["MLC208 «column: hour» slices 'hour' come twice"]),
        ("slices: [{name: far, sql: distanc > 3}]", ["MLC304 «distanc» unknown column 'distanc'"]),
        ("slices: [{name: far, sql: distance}]", ["MLC306 «distance» expected a BOOLEAN, found a DOUBLE"]),
        (
            "slices: [{name: far, sql: distance > (select 1)}]",
            ["MLC305 «(select 1)» a subquery cannot stand here: use an SQL view"],
        ),
    ],
)
def test_what_cannot_be_had_is_told_at_its_place(tmp_path, asked, said):
    lines = [line for line in told(tmp_path, merged(SMALL, CLASSES % asked)) if not line.startswith("MLC403")]
    assert len(lines) == len(said), lines
    for line, expected in zip(lines, said, strict=True):
        code, _, rest = expected.partition(" ")
        assert line.startswith(code)
        assert rest.split("«")[-1].split("»")[-1] in line


@pytest.mark.parametrize(
    ("asked", "token"),
    [
        ("intervals: {stratified: true}", "stratified"),
        (
            "cost_matrix: {true_positive: 1, false_positive: 0, true_negative: 0, false_negative: -1}",
            "cost_matrix",
        ),
    ],
)
@pytest.mark.parametrize("estimator", ["sklearn.linear_model.Ridge", "xgboost.XGBRegressor"])
def test_a_regression_has_no_classes(tmp_path, asked, token, estimator):
    spec = f"training: {{late: {{{asked}, estimator: {estimator}, metrics: [r2]}}}}"
    text = merged(merged(SMALL, spec), "training: {late: {entities: {dataset: flights, label: arr_delay}}}")
    lines = [line for line in told(tmp_path, text) if line.startswith("MLC341")]
    assert len(lines) == 1
    assert f"«{token}»" in lines[0]


def test_a_previous_value_needs_a_time(tmp_path):
    spec = "training: {late: {baselines: {previous_by: [carrier]}, split: {type: random}}}"
    text = merged(SMALL, spec).replace("event_time: time_hour", "")
    assert any(line.startswith("MLC315 «previous_by»") for line in told(tmp_path, text))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("slices: [{bins: [3]}]", "expected exactly one of `column`, `columns` and `sql`"),
        ("slices: [{sql: hour > 3}]", "slices by `sql` need a `name`"),
        ("slices: [{column: hour, bins: [3, 1]}]", "`bins` must rise"),
        ("intervals: {by: origin, stratified: true}", "expected one of them"),
    ],
)
def test_a_contradiction_is_told(tmp_path, asked, said):
    assert any(said in line for line in told(tmp_path, merged(SMALL, CLASSES % asked)))


def test_columns_that_are_no_features_travel_with_them(tmp_path):
    asked = """
training:
  late:
    slices: [carrier, hour, {name: far, sql: "Dep_Delay > 2 and distance > 3"}]
    intervals: {by: origin}
    baselines: {previous_by: [flight]}
    seed: 4
"""
    found = compiled(tmp_path, merged(SMALL, asked)).require().pipeline("train")
    assert found.step("features_late").configuration["auxiliary"] == [
        "carrier",
        "dep_delay",
        "origin",
        "flight",
    ]
    evaluate = found.step("evaluate_late").configuration
    assert evaluate["slices"][0] == {"column": "carrier"}
    assert (evaluate["intervals"], evaluate["seed"]) == ({"by": "origin"}, 4)


def test_costs_are_metrics_that_gates_can_name(tmp_path):
    asked = """
training:
  late: {cost_matrix: {true_positive: 1, false_positive: -1, true_negative: 0, false_negative: -9}}
gates: {pays: {type: metric, training: late, metric: value_per_row, min: 0}}
"""
    found = compiled(tmp_path, merged(SMALL, asked)).require().pipeline("train")
    assert [
        one if isinstance(one, str) else one["of"]
        for one in found.step("evaluate_late").configuration["metrics"]
    ] == [
        "roc_auc",
        "total",
        "per_row",
    ]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("explain: {top: 0}", "MLC105 «0» must be greater than or equal to 1"),
        ("explain: {repeats: 1}", "MLC105 «1» must be greater than or equal to 2"),
        ("explain: {rows: many}", "MLC103 «many» expected a whole number"),
        ("explain: {tops: 3}", "MLC101 «tops» unknown key 'tops' | did you mean 'top'?"),
        ("explain: often", "MLC103 «often» expected true or false or a map"),
    ],
)
def test_an_explanation_that_is_misconfigured_is_told_at_its_place(tmp_path, asked, said):
    (line,) = [one for one in told(tmp_path, merged(SMALL, CLASSES % asked)) if not one.startswith("MLC403")]
    assert line.startswith(said)

# ruff: noqa: E501 - one diagnostic is one line
from pathlib import Path

import pytest

from tests.specs import SMALL, merged, told

ORIGIN = "features: [distance, hour, origin], for_each: {column: origin, values: [EWR, JFK]"


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        pytest.param("training: {late: {" + ORIGIN + "}}}", [], id="sound"),
        pytest.param(
            "training: {late: {"
            + ORIGIN
            + ", other: pool}, preprocess: {columns: {origin: {encode: target}}}}}",
            [],
            id="preprocessing of what the pooled model sees",
        ),
        pytest.param(
            "training: {late: {features: [hour, distance], for_each: {column: hour, values: [5, 6], other: drop, min_rows: 1, parallel: 2}}}",
            [],
            id="whole numbers",
        ),
        pytest.param(
            "training: {late: {for_each: {column: origin, values: [EWR]}}}",
            [
                "MLC327 «origin» 'origin' tells the segments and is not among the features, so no row that is predicted for would say of which segment it is | add 'origin' to `features`; the models of segments do not see it",
            ],
            id="no feature",
        ),
        pytest.param(
            "training: {late: {features: [origin], for_each: {column: origin, values: [EWR]}}}",
            [
                "MLC327 «origin» 'origin' is the only feature, which the models of segments do not see | name other features to learn from",
            ],
            id="nothing to learn from",
        ),
        pytest.param(
            "training: {late: {for_each: {column: distance, values: [1]}}}",
            [
                "MLC327 «distance» 'distance' is float64: segments are told by text, whole numbers, or true and false | derive such a column in an SQL view",
            ],
            id="a measure",
        ),
        pytest.param(
            "training: {late: {for_each: {column: hour, values: [5, '6', 5]}}}",
            [
                "MLC327 «'6'» 'hour' is int32, and the segment '6' is not | write text in quotes, numbers and `true` or `false` without",
                "MLC208 «5» segment '5' comes twice | leave one out",
            ],
            id="another type, and twice",
        ),
        pytest.param(
            "training: {late: {features: [distance, hour, origin], for_each: {column: origin, values: []}}}",
            ["MLC105 «[]» expected at least 1 entry"],
            id="no segment",
        ),
        pytest.param(
            "training: {late: {" + ORIGIN + "}, split: {type: group, by: origin, test: 0.2}}}",
            [
                "MLC328 «origin» the split keeps rows of one 'origin' together, so no segment would be in both parts | split by another column, by time or at random; each segment is learned and judged on rows of its own",
            ],
            id="divided by segment",
        ),
        pytest.param(
            "training: {late: {" + ORIGIN + "}, preprocess: {columns: {origin: {encode: target}}}}}",
            [
                "MLC328 «origin» preprocessing of 'origin', which the models of segments do not see | leave it out: only the model of `other: pool` sees the column",
            ],
            id="preprocessing of what no model sees",
        ),
        pytest.param(
            "training: {late: {for_each: {column: hour, values: [5, 6], other: pool}, estimator: sklearn.ensemble.HistGradientBoostingClassifier, params: {monotonic_cst: {hour: 1}}}}",
            [
                "MLC328 «hour» a monotonic constraint on 'hour', which the models of segments do not see | leave it out",
            ],
            id="a constraint on what models do not see",
        ),
        pytest.param(
            "{datasets: {flights: {columns: {origin: {allowed: [EWR, LGA]}}}}, training: {late: "
            + ORIGIN.replace("features", "{features")
            + "}}}}",
            [
                "MLC329 «JFK» no row is of segment 'JFK': the contract of 'flights' allows 'origin' other values | it allows EWR, LGA",
            ],
            id="a segment that the contract excludes",
        ),
        pytest.param(
            "{features: {sky: {dataset: flights, entity: [origin], ttl: 1h, available_after: 1h, columns: [carrier]}}, training: {late: {features: [distance, sky], for_each: {column: carrier, values: [UA], other: drop}}}}",
            [
                "MLC327 «drop» 'carrier' is made by a view, and rows are dropped by a column of the entities | make it a column of the entities by an SQL view, or say `refuse` or `pool`",
            ],
            id="dropped by what a view makes",
        ),
    ],
)
def test_segments_that_a_training_cannot_have_are_told_where_they_stand(
    fragment: str, expected: list[str], tmp_path: Path
) -> None:
    assert told(tmp_path, merged(SMALL, fragment)) == expected


def test_a_segment_and_another_training_may_not_share_a_step(tmp_path: Path) -> None:
    other = "{late_jfk: {entities: {dataset: flights, label: arr_delay > 15}, features: [distance, hour], split: {type: time, test: 0.2}, estimator: sklearn.linear_model.LogisticRegression, metrics: [roc_auc]}}"
    text = merged(merged(SMALL, f"training: {other}"), "training: {late: {" + ORIGIN + "}}}")
    assert told(tmp_path, text) == [
        "MLC209 «JFK» step 'train_late_jfk' could train two models | rename one of the trainings"
    ]

"""Names of numbers in MLflow: one for each number, of characters that MLflow takes."""

from mlopsc.runtime.tracking.figures import numbers

FOUND = {
    "rows": 10,
    "metrics": {"auc": 0.75, "gini": None},
    "intervals": {"auc": {"low": 0.5, "high": None, "undefined": 0}},
    "baselines": {"majority": {"auc": 0.5}},
    "slices": {
        "age": [
            {"slice": "< 18", "rows": 4, "metrics": {"auc": 0.5}},
            {"slice": "18 to < 65", "rows": 4, "metrics": {"auc": 0.625}},
            {"slice": "≥ 65", "rows": 2, "too_few": True},
        ],
        "code": [
            {
                "slice": "a/b",
                "rows": 5,
                "metrics": {"auc": 0.5},
                "intervals": {"auc": {"low": 0.1, "high": 1}},
            },
            {"slice": "a*b", "rows": 5, "metrics": {"auc": 1.0}},
        ],
    },
}


def test_every_number_has_a_name_of_its_own():
    assert list(numbers(FOUND)) == [
        ("test_rows", 10),
        ("auc", 0.75),
        ("gini", None),
        ("auc.low", 0.5),
        ("auc.high", None),
        ("baseline.majority.auc", 0.5),
        ("slice.age.below 18.rows", 4),
        ("slice.age.below 18.auc", 0.5),
        ("slice.age.18 to 65.rows", 4),
        ("slice.age.18 to 65.auc", 0.625),
        ("slice.age.from 65.rows", 2),
        ("slice.code.a_b.rows", 5),
        ("slice.code.a_b.auc", 0.5),
        ("slice.code.a_b.auc.low", 0.1),
        ("slice.code.a_b.auc.high", 1),
        ("slice.code.a_b_2.rows", 5),
        ("slice.code.a_b_2.auc", 1.0),
    ]

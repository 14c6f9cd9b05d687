# ruff: noqa: E501 - one diagnostic is one line
from pathlib import Path

import pytest

from mlopsc.compiler.passes.timed_views import feature_types
from tests.specs import SMALL, compiled, merged, told

HISTORY = """\
features:
  history:
    dataset: flights
    entity: [carrier]
    available_after: 1h
    aggregates: {}
training: {late: {features: [history, distance]}}
"""


@pytest.mark.parametrize(
    ("aggregates", "expected"),
    [
        pytest.param("n: {function: count, window: 7d}", [], id="a count"),
        pytest.param(
            "m: {function: mean, column: carrier, window: 7d}, d: {function: max, column: ar_delay, window: 7d}",
            [
                "MLC302 «carrier» `mean` takes no string, and column 'carrier' of 'flights' is that | name a column of numbers, or count: `{function: count_distinct, column: …}`",
                "MLC301 «ar_delay» 'flights' has no column 'ar_delay' | did you mean 'arr_delay'?",
            ],
            id="columns",
        ),
        pytest.param(
            "n: {function: count, windows: [1d, 7d]}, n_7d: {function: count, window: 8d}",
            [
                "MLC208 «n_7d» aggregate 'n_7d' comes twice | rename one; of several `windows` each makes a feature NAME_WINDOW"
            ],
            id="names",
        ),
        pytest.param(
            "a: {function: count, windows: [1d, 7d]}, b: {function: count, windows: [1d, 8d]}, c: {ratio: [a, b]}, d: {ratio: [a_1d, f]}, e: {ratio: [d, a_7d]}",
            [
                "MLC301 «b» 'b' has not the windows of 'a' | name two of one window each: a_1d, a_7d, b_1d, b_8d",
                "MLC301 «f» no aggregate 'f' to make a ratio of | there are a, a_1d, a_7d, b, b_1d, b_8d",
                "MLC301 «d» no aggregate 'd' to make a ratio of | there are a, a_1d, a_7d, b, b_1d, b_8d",
            ],
            id="ratios",
        ),
        pytest.param(
            "n: {function: count, window: 7d, where: 'distance > hours'}, m: {function: count, window: 7d, where: distance}",
            [
                "MLC304 «hours» unknown column 'hours' | did you mean 'hour'?",
                "MLC306 «distance» expected a BOOLEAN, found a DOUBLE",
            ],
            id="conditions",
        ),
        pytest.param(
            "n: {function: sum, window: 7d}, m: {function: count}, o: {function: quantile, column: hour, window: 7d}, p: {function: count, window: 0s}, q: {function: max, column: hour, windows: [1d, 24h]}",
            [
                "MLC109 «n» `sum` needs a `column`",
                "MLC109 «m» expected exactly one of `window` and `windows`",
                "MLC109 «o» which `quantile`?",
                "MLC109 «p» a window of no length holds no row",
                "MLC109 «q» a window comes twice",
            ],
            id="shapes",
        ),
        pytest.param(
            "t: {function: max, column: time_hour, window: 7d}",
            [
                "MLC302 «history» feature 't' is a timestamp: no estimator takes that | derive numbers or text from it in an SQL view, such as `hour(t)` or `dayofweek(t)`"
            ],
            id="types",
        ),
    ],
)
def test_aggregates(tmp_path: Path, aggregates: str, expected: list[str]) -> None:
    found = told(tmp_path, merged(SMALL, HISTORY.replace("{}", "{" + aggregates + "}")))
    assert [one for one in found if not one.startswith("MLC403")] == expected


def test_types_are_known_before_the_run(tmp_path: Path) -> None:
    aggregates = """{a: {function: count, windows: [1d, 7d]}, b: {function: sum, column: hour, window: 1d},
      c: {function: sum, column: distance, window: 1d}, d: {function: last, column: origin, window: 1d},
      e: {function: mean, column: hour, windows: [1d, 7d]}, f: {ratio: [a, e]}}"""
    analysis = compiled(tmp_path, merged(SMALL, HISTORY.replace("{}", aggregates))).analysis
    assert feature_types(analysis, analysis.spec.features["history"]) == {
        "a_1d": "int64",
        "a_7d": "int64",
        "b": "int64",
        "c": "float64",
        "d": "string",
        "e_1d": "float64",
        "e_7d": "float64",
        "f_1d": "float64",
        "f_7d": "float64",
    }


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (
            "{columns: [hour], aggregates: {n: {function: count, window: 1d}}}",
            "expected exactly one of `columns` and `aggregates`",
        ),
        ("{ttl: 3d}", "expected exactly one of `columns` and `aggregates`"),
        (
            "{ttl: 3d, aggregates: {n: {function: count, window: 1d}}}",
            "`ttl` is for `columns`; the age of rows that are aggregated is bound by windows",
        ),
        (
            "{ttl: 30m, available_after: 1h, columns: [hour]}",
            "no row can join: it is known 1h after its time, and too old after 30m",
        ),
    ],
)
def test_shapes_of_views(tmp_path: Path, view: str, expected: str) -> None:
    base = "features: {v: {dataset: flights, entity: [carrier]}}\ntraining: {late: {features: [v, distance]}}"
    text = merged(merged(SMALL, base), "features: {v: " + view + "}")
    assert any(line.startswith(f"MLC109 «v» {expected}") for line in told(tmp_path, text))


def test_a_condition_of_a_view_is_bound(tmp_path: Path) -> None:
    view = "features: {v: {dataset: flights, entity: [carrier], available_after: 1h, columns: [hour], where: hours > 3}}"
    found = told(tmp_path, merged(SMALL, view + "\ntraining: {late: {features: [v, distance]}}"))
    assert any(line.startswith("MLC304 «hours»") for line in found), found

"""The page of one evaluation: what decides about a model, and nothing that could harm its reader."""

from dataclasses import replace

import pytest

from mlopsc.diagnostics.errors import UsageError
from mlopsc.reporting import Judged, render_evaluation
from tests.plans import train_pipeline
from tests.reporting.reading import read
from tests.reporting.runs import (
    BINARY,
    CHAMPION,
    EXPLANATION,
    GOOD,
    HOSTILE,
    METRICS,
    SEVERAL,
    TRAINED,
    evaluation,
    record,
    validation,
)
from tests.reporting.test_page import TAGS

COSTS = {"true_positive": 40.0, "false_positive": -10.0, "true_negative": 0.0, "false_negative": -30.0}


def test_a_refused_training_says_which_gate_refused_it(tmp_path):
    record(tmp_path, train_pipeline(), TRAINED)
    found = read(evaluation(tmp_path))
    assert list(found.sections) == ["metrics", "gates", "deciding", "plots", "data", "learning"]
    assert "1 of 2 gates refused it: beats_champion." in found.text
    assert "flights 1,000 1 of 1 check ✓ passed" in found.sections["data"]
    assert "by time; the latest 30d are the test part" in found.sections["data"]
    assert "max_iter: ${params.trees}, learning_rate: 0.1" in found.sections["learning"]


def test_threshold_and_costs_are_told_in_words():
    said = {"threshold": {"min_recall": 0.9, "cv": 5}, "calibrate": {"method": "isotonic"}}
    metrics = METRICS | {"threshold": 0.31, "cost_matrix": COSTS}
    judged = Judged("flights", "late_arrival", metrics, BINARY, decisions=(GOOD,), said=said)
    text = read(render_evaluation(judged)).sections["deciding"]
    assert "Threshold 0.31" in text
    assert "the best precision of those that find at least 0.9 of the positive rows" in text
    assert "Calibrated isotonic" in text
    assert "A false negative is worth -30" in text
    several = Judged("p", "t", METRICS | {"cost_matrix": {"a": {"b": -2}}})
    assert "a taken for b is worth -2" in read(render_evaluation(several)).sections["deciding"]


def test_a_training_that_was_not_evaluated_is_told(tmp_path):
    record(tmp_path, train_pipeline(), {})
    with pytest.raises(UsageError, match="evaluated no training 'late_arrival'"):
        evaluation(tmp_path)


def test_what_answers_hang_on_is_drawn_and_told():
    judged = Judged("flights", "late_arrival", METRICS, BINARY, explanation=EXPLANATION)
    said = read(render_evaluation(judged)).sections["explanation"]
    assert "How much roc_auc, 0.75 as the rows are, gets worse" in said
    assert "visib 0.2 carrier -0.01" in said
    assert "Where it is null: 0.3." in said
    assert "The mean probability of true if every row had this value" in said
    assert "2 rarer values left out." in said
    assert "Dependence on hour Not drawn: it has no values in these rows." in said
    several = Judged("flights", "late_arrival", METRICS, explanation=SEVERAL)
    assert "a: 0.1, 0.2; b: 0.9, 0.8" in render_evaluation(several)
    assert "Values: AA, null." in read(render_evaluation(several)).sections["explanation"]
    drawn = render_evaluation(several)
    assert "between the thin lines of its colour lie 80 % of the rows." in read(drawn).text
    assert [drawn.count(f'class="line edge {kind}"') for kind in ("s1", "s2", "s3")] == [2, 2, 0]
    assert [drawn.count(f'class="line whisker {kind}"') for kind in ("s1", "s2", "s3")] == [
        4,
        2,
        0,
    ]  # s1: importance
    before = [{k: v for k, v in one.items() if k not in ("lows", "highs")} for one in SEVERAL["dependence"]]
    old = replace(several, explanation=SEVERAL | {"dependence": before})
    assert read(render_evaluation(old)).text.count("how rows differ was not recorded") == 2
    nothing = EXPLANATION | {"importance": [EXPLANATION["importance"][0] | {"mean": None}], "dependence": []}
    said = read(render_evaluation(Judged("f", "t", METRICS, explanation=nothing))).sections["explanation"]
    assert "Not drawn: roc_auc has no value on these rows." in said


def test_rows_of_a_gate_that_asks_in_two_ways_are_told_by_way():
    latency = GOOD | {
        "name": "quick",
        "type": "latency",
        "rows": {"single": 1, "batch": 1000},
        "observed": 0.0787,
    }
    text = render_evaluation(Judged("f", "t", METRICS, decisions=(latency, CHAMPION | {"rows": 1200})))
    said = read(text).sections["gates"]
    assert "Rows compared single 1; batch 1000" in said
    assert "8% of the limit" in said
    assert "Rows compared 1,200" in said


@pytest.mark.parametrize("evil", HOSTILE)
def test_no_text_becomes_markup(evil):
    judged = Judged(
        project=evil,
        training=evil,
        metrics=METRICS
        | {"training": evil, "metrics": {evil: 1.0}, "notes": [evil], "cost_matrix": {evil: {evil: 1}}},
        curves=BINARY | {"classes": [evil, evil], "positive": evil},
        explanation=SEVERAL
        | {
            "metric": evil,
            "importance": [EXPLANATION["importance"][0] | {"feature": evil}],
            "dependence": [
                one | {"feature": evil, "values": [evil, None], "kind": "string", "classes": [evil, evil]}
                for one in (EXPLANATION["dependence"][1], SEVERAL["dependence"][1])
            ],
        },
        decisions=(GOOD | {"name": evil, "reason": evil}, CHAMPION | {"training": evil}),
        datasets=(validation(dataset=evil, data_digest=evil),),
        signature={"rows": 3, "estimator": evil, "params": {evil: evil}, "seed": 1, "label": evil},
        said={"description": evil, "where": evil, "split": {"type": "group", "by": evil}, "dataset": evil},
        unread=(evil,),
    )
    text = render_evaluation(judged)
    found = read(text)
    assert found.unclosed == []
    assert {tag for tag, _, _ in found.attributes} <= TAGS | {"html", "meta"}
    assert "<script" not in text
    assert not any(name.startswith("on") for _, name, _ in found.attributes)
    for odd in ("\u202e", "\u2066", "\x00", "\x1b", "\ud800"):
        assert odd not in text

"""Bootstrap intervals against SciPy's, and what they owe to groups, strata and broken resamples."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import bootstrap
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import get_scorer

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.learning.intervals import intervals
from mlopsc.runtime.learning.scored import Recorded
from mlopsc.runtime.learning.scoring import Answers
from mlopsc.vocabulary.evaluation import Intervals
from mlopsc.vocabulary.metrics import CustomMetric
from tests.runtime.learning.test_measures import features, of_classes


def asked(model, frame, truth):
    answers = Answers(model, frame, truth)
    for question in ("predict", "predict_proba", "decision_function"):
        if hasattr(model, question):
            answers.ask(question)
    return answers


def scipys(answers, name, rules, rows):
    """SciPy's interval of a scorer, drawing positions of rows."""

    def statistic(positions):
        said = {question: answers.ask(question)[positions] for question in ("predict", "predict_proba")}
        some = Answers(
            Recorded(said, answers.classes), pd.DataFrame(index=range(rows)), answers.truth[positions]
        )
        return get_scorer(name)(some, some.table, some.codes)

    found = bootstrap(
        (np.arange(rows),),
        statistic,
        n_resamples=rules.resamples,
        confidence_level=rules.level,
        method={"percentile": "percentile", "bca": "BCa"}[rules.method],
        vectorized=False,
        rng=np.random.default_rng(5),
    )
    return found.confidence_interval


@pytest.mark.parametrize("method", ["percentile", "bca"])
@pytest.mark.parametrize("name", ["accuracy", "roc_auc"])
def test_they_are_scipys_within_its_own_chance(method, name):
    answers = asked(*of_classes(LogisticRegression(), 2, rows=120))
    rules = Intervals(method=method, resamples=2000, level=0.9)
    found = intervals(answers, [name], {}, rules, seed=1)[name]
    low, high = scipys(answers, name, rules, 120)
    # The error of a quantile of 2000 draws is about 0.05 of the interval's width.
    assert found["low"] == pytest.approx(low, abs=0.08 * (high - low))
    assert found["high"] == pytest.approx(high, abs=0.08 * (high - low))


def test_the_correction_moves_a_skewed_statistic():
    frame = features(60)
    truth = np.exp(2 * frame["a"].to_numpy())
    answers = asked(LinearRegression().fit(frame[["b"]], truth), frame[["b"]], truth)
    name = "neg_mean_squared_error"
    plain, moved = (
        intervals(answers, [name], {}, Intervals(method=method), seed=1)[name]
        for method in ("percentile", "bca")
    )
    assert moved["low"] < plain["low"]


@pytest.mark.parametrize("rules", [{}, {"method": "bca"}, {"stratified": True}], ids=str)
def test_what_has_no_form_over_weights_gets_the_same_interval(rules):
    answers = asked(*of_classes(LogisticRegression(), 2, rows=60))
    own = CustomMetric(name="own", python="m:f")
    functions = {"own": lambda true, said, score: float(np.mean(true == said))}
    found = intervals(answers, ["accuracy", own], functions, Intervals(resamples=100, **rules), seed=3)
    assert found["own"] == found["accuracy"]


def test_the_same_seed_gives_the_same_and_another_another():
    answers = asked(*of_classes(LogisticRegression(), 2))
    first, same, other = (intervals(answers, ["roc_auc"], {}, Intervals(), seed) for seed in (1, 1, 2))
    assert first == same != other


def test_groups_are_drawn_as_a_whole():
    answers = asked(*of_classes(LogisticRegression(), 2, rows=200))
    right = answers.decided == answers.codes
    # Groups within which all rows are right, or all are wrong: about as uncertain as so many single rows.
    groups = np.empty(200, dtype=np.int64)
    order = np.argsort(right, kind="stable")
    groups[order] = np.arange(200) // 10
    alone = intervals(answers, ["accuracy"], {}, Intervals(), 1)["accuracy"]
    together = intervals(answers, ["accuracy"], {}, Intervals(), 1, groups)["accuracy"]
    assert together["high"] - together["low"] > 2 * (alone["high"] - alone["low"])


def test_one_group_alone_has_no_interval():
    answers = asked(*of_classes(LogisticRegression(), 2))
    found = intervals(answers, ["accuracy"], {}, Intervals(), 1, np.zeros(len(answers.truth), dtype=np.int64))
    assert found == {"accuracy": {"low": None, "high": None, "undefined": 0}}


def test_strata_keep_rare_classes_in_every_resample():
    model, frame, _ = of_classes(LogisticRegression(), 2)
    truth = np.zeros(len(frame), dtype=int)
    truth[:2] = 1
    answers = asked(model, frame, truth)
    plain, strata = (
        intervals(answers, ["roc_auc"], {}, Intervals(stratified=stratified), 1)["roc_auc"]
        for stratified in (False, True)
    )
    assert plain["undefined"] == pytest.approx(1000 * np.exp(-2), abs=40)
    assert strata["undefined"] == 0


def test_strata_of_numbers_are_refused():
    frame = features(30)
    answers = asked(LinearRegression().fit(frame, frame["a"]), frame, frame["a"].to_numpy())
    with pytest.raises(StepFailed, match="stratified by class"):
        intervals(answers, ["r2"], {}, Intervals(stratified=True), 1)


def test_many_rows_are_left_out_in_blocks(monkeypatch):
    answers = asked(*of_classes(LogisticRegression(), 2, rows=900))
    rules = Intervals(method="bca", resamples=300)
    exact = intervals(answers, ["roc_auc"], {}, rules, 1)["roc_auc"]
    monkeypatch.setattr("mlopsc.runtime.learning.intervals._BLOCKS", 50)
    blocks = intervals(answers, ["roc_auc"], {}, rules, 1)["roc_auc"]
    assert blocks["low"] == pytest.approx(exact["low"], abs=0.1 * (exact["high"] - exact["low"]))


def test_they_cover_the_true_value_as_often_as_they_say():
    chance, held = np.random.default_rng(0), 0
    for seed in range(150):
        truth = chance.random(120) < 0.7
        said = np.ones(120, dtype=bool)
        model = Recorded(
            {"predict": said, "predict_proba": np.tile([0.3, 0.7], (120, 1))}, np.array([False, True])
        )
        answers = asked(model, pd.DataFrame(index=range(120)), truth)
        found = intervals(answers, ["accuracy"], {}, Intervals(resamples=200, level=0.9), seed)["accuracy"]
        held += found["low"] <= 0.7 <= found["high"]
    assert 0.84 <= held / 150 <= 0.96

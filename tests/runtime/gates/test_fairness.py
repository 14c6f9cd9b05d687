from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeClassifier

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.gates.fairness import judge_fairness
from mlopsc.runtime.gates.groups import Groups
from mlopsc.runtime.learning.scored import Scored
from mlopsc.vocabulary.gates import CRITERIA, FairnessGate

EVERY = {criterion: {"max_difference": 1.0, "min_ratio": 0.0} for criterion in CRITERIA}


def gate(**more):
    return FairnessGate.model_validate({"type": "fairness", "training": "t", "by": ["sex"]} | more)


def scored(truth, said, classes=(False, True)):
    rows = np.arange(len(truth), dtype=np.uint64)
    return Scored(rows, np.asarray(truth), {"predict": np.asarray(said)}, np.asarray(classes))


def groups(values):
    names, codes = np.unique(np.asarray(values, dtype=object), return_inverse=True)
    return Groups(tuple(names.tolist()), codes, "sex")


@pytest.mark.parametrize("seed", range(5))
def test_disparities_are_fairlearns(seed):
    from fairlearn import metrics as fairlearn
    from sklearn.metrics import precision_score

    random = np.random.default_rng(seed)
    truth, said = random.random(600) < 0.4, random.random(600) < 0.5
    people = np.array(["a", "b", "c"], dtype=object)[random.integers(0, 3, 600)]
    found = judge_fairness("g", gate(**EVERY), scored(truth, said), groups(people))
    given = {"y_true": truth, "y_pred": said, "sensitive_features": people}
    wanted = {
        f"{criterion.replace('_', ' ')} {kind}": getattr(fairlearn, f"{criterion}_{kind}")(**given)
        for criterion in ("demographic_parity", "equalized_odds", "equal_opportunity")
        for kind in ("difference", "ratio")
    }
    precision = fairlearn.MetricFrame(metrics=precision_score, **given)
    wanted["predictive parity difference"] = precision.difference()
    wanted["predictive parity ratio"] = precision.ratio()
    assert found["disparities"] == pytest.approx(wanted, abs=1e-12)
    assert found["verdict"] == "pass"


def unequal():
    """Of a, 30 of 40 are selected; of b, 10 of 40; the model is right of a and of half of b's positives."""
    truth = [True] * 30 + [False] * 10 + [True] * 20 + [False] * 20
    said = [True] * 30 + [False] * 10 + [True] * 10 + [False] * 30
    return scored(truth, said), groups(["a"] * 40 + ["b"] * 40)


def test_what_is_too_far_apart_fails_and_is_named():
    found = judge_fairness("g", gate(demographic_parity={"max_difference": 0.1}), *unequal())
    assert found["verdict"] == "fail"
    assert found["reason"] == (
        "demographic parity difference 0.5 is 0.4 above the maximum 0.1 (selection rate 0.25 of b, 0.75 of a)"
    )
    assert found["groups"]["b"]["true_positive_rate"] == 0.5


def test_what_is_close_enough_passes_with_the_numbers():
    found = judge_fairness("g", gate(predictive_parity={"min_ratio": 0.9}), *unequal())
    assert found["verdict"] == "pass"
    assert found["reason"] == "predictive parity ratio 1 between 2 groups by sex"


def test_small_groups_are_named_and_not_judged():
    truth, people = [True, False] * 41, ["a"] * 40 + ["b"] * 40 + ["few"] * 2
    found = judge_fairness(
        "g", gate(demographic_parity={"min_ratio": 0.9}), scored(truth, truth), groups(people)
    )
    assert (found["verdict"], found["too_small"]) == ("pass", {"few": 2})
    assert found["reason"].endswith("; too small to be judged: few")
    alone = judge_fairness(
        "g", gate(demographic_parity={"min_ratio": 0.9}, min_group=41), scored(truth, truth), groups(people)
    )
    assert alone["verdict"] == "fail"
    assert alone["reason"].startswith("0 of 3 groups by sex have the 41 rows that a group needs")


def test_a_rate_without_a_value_fails():
    truth, people = [True] * 40 + [False] * 40, ["a"] * 40 + ["b"] * 40
    found = judge_fairness(
        "g", gate(equal_opportunity={"max_difference": 1.0}), scored(truth, truth), groups(people)
    )
    assert found["verdict"] == "fail"
    assert found["reason"] == "equal opportunity difference has no value (NaN): b has no true positive rate"


def test_of_several_classes_the_positive_one_has_to_be_named():
    people = groups(["a", "b"] * 40)
    words = scored(["x", "y"] * 40, ["x", "y"] * 40, ("x", "y", "z"))
    with pytest.raises(StepFailed, match="which of the 3 classes is positive"):
        judge_fairness("g", gate(demographic_parity={"min_ratio": 0.9}), words, people)
    found = judge_fairness("g", gate(demographic_parity={"max_difference": 0.9}, positive="x"), words, people)
    assert found["groups"]["a"]["selection_rate"] == 1.0
    with pytest.raises(StepFailed, match="'w' is no class of the model"):
        judge_fairness("g", gate(demographic_parity={"min_ratio": 0.9}, positive="w"), words, people)


SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"no data in {SHARED.name} beside the repository")
def test_rates_are_those_of_fairlearns_quickstart():
    """Its figures, of version 0.10: a tree on all of Adult with dummies, asked about the same rows. The order in which
    equally good splits are found may differ, so they are met to 0.001."""
    parts = [pd.read_parquet(SHARED / f"adult_{part}.parquet") for part in ("train", "test")]
    table = pd.concat(parts, ignore_index=True)
    truth = (table["income"] == ">50K").to_numpy()
    dummies = pd.get_dummies(table.drop(columns="income"))
    tree = DecisionTreeClassifier(min_samples_leaf=10, max_depth=4, random_state=0).fit(dummies, truth)
    said = tree.predict(dummies)
    people = np.asarray(table["sex"], dtype=object)
    found = judge_fairness(
        "g", gate(demographic_parity={"max_difference": 0.1}), scored(truth, said), groups(people)
    )
    rates = {name: one["selection_rate"] for name, one in found["groups"].items()}
    assert rates == pytest.approx({"Female": 0.063550, "Male": 0.213599}, abs=0.001)
    accuracies = {name: float((truth == said)[people == name].mean()) for name in ("Female", "Male")}
    assert accuracies == pytest.approx({"Female": 0.925148, "Male": 0.804288}, abs=0.001)
    assert found["disparities"]["demographic parity difference"] == pytest.approx(0.150049, abs=0.001)

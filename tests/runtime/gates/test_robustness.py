import numpy as np
import pytest

from mlopsc.runtime.gates.judging import judge
from mlopsc.runtime.gates.perturbing import UNSEEN, harmed, perturbed
from mlopsc.runtime.learning.frames import Feature, read_features
from mlopsc.vocabulary.operations import JudgeRobustness

FEATURES = (
    Feature("a", "numeric", "double"),
    Feature("b", "numeric", "int64"),
    Feature("c", "string", "string"),
)
BARE = {"estimator": "sklearn.linear_model.LogisticRegression", "features": ["a", "b"]}
"""A model that is given the features as they are, and takes no nulls."""


@pytest.fixture
def sturdy(workbench):
    """Judge a model in which `a` counts, on 400 test rows."""
    train, test = workbench.sample("train", 400, 0, 0.3), workbench.sample("test", 400, 1000, 0.3)

    def judged(model=None, test=test, **given):
        gate = {"type": "robustness", "training": "t", "metric": "roc_auc"} | given
        config = JudgeRobustness.model_validate({"name": "g", "gate": gate, "metric": "roc_auc"})
        made = workbench.train(train, **(model or {}))
        return judge(config, {"model": made, "test": test}, workbench.folder)

    return judged


def test_a_model_that_loses_little_passes(sturdy):
    found = sturdy(nulls={"max_drop": 0.2}, unseen={"max_drop": 0.01}, noise={"max_drop": 0.05})
    assert found["verdict"] == "pass"
    assert found["reason"].startswith("nulls in 'a' cost 0.0")
    assert {harm: sorted(drops) for harm, drops in found["drops"].items()} == {
        "nulls": ["a", "b", "c"],
        "unseen": ["c"],
        "noise": ["a", "b"],
    }
    assert found["observed"] == found["drops"]["nulls"]["a"]
    assert found == sturdy(nulls={"max_drop": 0.2}, unseen={"max_drop": 0.01}, noise={"max_drop": 0.05})


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"nulls": {"share": 0.5, "max_drop": 0.1}}, ("nulls in 'a' cost 0.", "above the maximum 0.1")),
        ({"noise": {"share": 3, "max_drop": 0.1}}, ("noise on 'a' cost 0.", "above the maximum 0.1")),
        ({"noise": {"columns": ["c"], "max_drop": 1}}, ("noise on 'c' cannot be judged", "")),
    ],
)
def test_one_that_loses_more_fails_by_so_much(sturdy, limits, words):
    found = sturdy(**limits)
    assert found["verdict"] == "fail"
    assert found["reason"].startswith(words[0])
    assert found["reason"].endswith(words[1])
    assert sturdy(severity="warn", **limits)["verdict"] == "warn"


def test_a_model_that_raises_an_error_is_refused_with_its_words(sturdy):
    plain = {**BARE, "preprocess": {"columns": {"a": "passthrough", "b": "passthrough"}}}
    found = sturdy(plain, nulls={"max_drop": 1})
    assert found["verdict"] == "fail"
    assert found["reason"] == (
        "the model raises an error for nulls in 'a': ValueError: Input X contains NaN, "
        "and nulls in 'b' likewise"
    )
    assert found["drops"] == {"nulls": {}}


def test_without_text_there_is_no_unseen_category(sturdy):
    found = sturdy(BARE, unseen={"max_drop": 1})
    assert (found["verdict"], found["reason"]) == ("fail", "the model has no feature for unseen categories")


def test_nan_fails(sturdy, workbench):
    one_class = workbench.sample("one_class", 50, 5000, __label__=[True] * 50)
    found = sturdy(test=one_class, nulls={"max_drop": 1})
    assert (found["verdict"], found["reason"]) == (
        "fail",
        "roc_auc has no value (NaN), be the rows harmed or not",
    )


def test_rows_are_harmed_as_declared_and_nothing_else(workbench):
    table = read_features(workbench.sample("table", 200), FEATURES)
    nulls, unseen = perturbed(table, "b", "nulls", 0.25, 1), perturbed(table, "c", "unseen", 0.25, 1)
    assert nulls["b"].isna().sum() == 50
    assert (unseen["c"] == UNSEEN).sum() == 50
    noisy = perturbed(table, "a", "noise", 0.5, 1)
    assert np.std(noisy["a"] - table["a"]) == pytest.approx(np.std(table["a"]) / 2, rel=0.15)
    assert table.drop(columns="a").equals(noisy.drop(columns="a"))
    assert harmed(FEATURES, "noise") == ("a", "b")
    assert harmed(FEATURES, "unseen") == ("c",)

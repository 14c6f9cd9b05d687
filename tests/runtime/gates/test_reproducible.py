import sys

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.gates.differing import differences
from mlopsc.runtime.gates.judging import judge
from mlopsc.vocabulary.operations import JudgeReproducible

CHANCE = """
import os

from sklearn.linear_model import LogisticRegression


class Moody(LogisticRegression):
    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        self.coef_ = self.coef_ + int.from_bytes(os.urandom(4)) / 2**32
        return self


class Tired(LogisticRegression):
    def fit(self, X, y, sample_weight=None):
        if os.path.exists("fitted"):
            raise ValueError("once is enough")
        open("fitted", "w").close()
        return super().fit(X, y, sample_weight)


def moody(params, seed):
    return Moody(**params)


def tired(params, seed):
    return Tired(**params)
"""


@pytest.fixture
def judged(workbench, monkeypatch):
    monkeypatch.chdir(workbench.context.project)
    (workbench.context.project / "models_by_chance.py").write_text(CHANCE)
    table = workbench.sample("train")

    def call(model=None, severity="block", **config):
        train = {"training": "t", "features": ["a", "b", "c"], "label": "y", "seed": 7} | config
        given = {"type": "reproducible", "training": "t", "severity": severity}
        operation = JudgeReproducible.model_validate({"name": "g", "gate": given, "train": train})
        inputs = {"model": model or workbench.train(table, **config), "train": table}
        return judge(operation, inputs, workbench.context.project)

    yield call
    sys.modules.pop("models_by_chance", None)


def test_a_model_that_is_the_same_again_passes_with_the_parameters_that_a_search_found(judged, workbench):
    forest = {"estimator": "sklearn.ensemble.RandomForestClassifier"}
    found = judged(**forest, params={"n_estimators": 5, "n_jobs": 2})
    assert (found["verdict"], found["observed"], found["differences"]) == ("pass", 0, [])
    assert found["again_digest"] == found["model_digest"] == found["inputs"]["model"]
    trials = workbench.folder / "trials"
    trials.write_text('{"best": 1, "trials": [{"index": 1, "params": {"n_estimators": 3}}]}')
    tuned = workbench.folder / "tuned"
    from mlopsc.runtime.operations import train
    from mlopsc.vocabulary.operations import Train

    given = {"training": "t", "features": ["a", "b", "c"], "label": "y", "seed": 7, "tuned": True, **forest}
    outputs = {"model": tuned, "environment": workbench.folder / "environment"}
    inputs = {"train": workbench.folder / "train", "trials": trials}
    train.run(Train.model_validate(given), inputs, outputs, workbench.context)
    assert judged(tuned, tuned=True, **forest)["verdict"] == "pass"


def test_a_model_by_chance_fails_and_tells_where_it_differs(judged):
    moody = {"estimator": {"python": "models_by_chance:moody"}}
    found = judged(**moody)
    assert found["verdict"] == "fail"
    assert found["again_digest"] != found["model_digest"]
    assert [one["place"].rpartition(".")[2] for one in found["differences"]] == ["coef_"]
    assert 0 < found["differences"][0]["by"] < 1
    assert found["reason"].startswith(
        "trained again with the same seed it is another model, which differs in "
    )
    assert "coef_ (by 0." in found["reason"]


def test_a_training_that_crashes_the_second_time_is_no_decision(judged):
    with pytest.raises(StepFailed, match=r"gate 'g': 't' could not be trained again: .*once is enough"):
        judged(estimator={"python": "models_by_chance:tired"})


def test_differences_are_told_by_attribute_and_size():
    rows, labels = np.arange(40.0).reshape(20, 2), np.arange(20) % 3 > 0
    before, now = (
        Pipeline([("model", LogisticRegression(C=strength))]).fit(rows, labels) for strength in (1.0, 2.0)
    )
    found = {one.place: one.by for one in differences(before, now, "")}
    assert found["steps.model.C"] == 1
    assert found["steps.model.coef_"] == pytest.approx(
        np.abs(before["model"].coef_ - now["model"].coef_).max()
    )
    assert differences(before, before, "") == []
    trees = [DecisionTreeClassifier(max_depth=depth, random_state=0).fit(rows, labels) for depth in (1, 2)]
    assert "tree_.nodes" in {one.place for one in differences(*trees, "")}
    assert differences(*[DecisionTreeClassifier(random_state=0).fit(rows, labels) for _ in "ab"], "") == []
    open_files = [{"at": (number for number in [1]), "n": n} for n in (1, 2)]
    assert [one.place for one in differences(*open_files, "")] == ["n"]
    odd = {"a": [1, float("nan")], "b": np.array(["x", None], dtype=object), "c": 1}
    changed = {"a": [1, float("nan")], "b": np.array(["y", None], dtype=object), "d": 1}
    assert [one.place for one in differences(odd, changed, "at")] == ["at.b.0", "at.c", "at.d"]

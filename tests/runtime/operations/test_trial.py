"""Trials, their collection, and the model trained with the best: real fits on a small table."""

from dataclasses import replace

import numpy as np
import pytest
from pydantic import TypeAdapter
from sklearn.model_selection import KFold, cross_val_score

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.decisions import read_json
from mlopsc.runtime.learning.fitting import read_labelled
from mlopsc.runtime.learning.preprocessing import make_pipeline
from mlopsc.runtime.models.archive import load_model_file
from mlopsc.runtime.operations import collect_trials, train, trial
from mlopsc.vocabulary.operations import OPERATION, CollectTrials, Train, Trial
from mlopsc.vocabulary.tuning import Space

LOGISTIC = "sklearn.linear_model.LogisticRegression"
SPACE = {"C": {"loguniform": [1e-3, 10.0]}}


def learning(**more):
    return {"training": "t", "estimator": LOGISTIC, "features": ["a", "b"], "label": "y", "seed": 3} | more


def search(workbench, table, index, *, space=None, draw="random", metric="roc_auc", **more):
    said = {
        "operation": "trial",
        "training": "t",
        "train": {"operation": "train", **learning(**more)},
        "space": space or SPACE,
        "draw": draw,
        "metric": metric,
        "cv": {"type": "kfold", "folds": 4},
        "seed": 3,
        "index": index,
    }
    path = workbench.folder / f"trial_{index}"
    trial.run(OPERATION.validate_python(said), {"train": table}, {"report": path}, workbench.context)
    return path


def collected(workbench, reports, metric="roc_auc"):
    config = CollectTrials(training="t", metric=metric, count=len(reports))
    path = workbench.folder / "trials"
    inputs = {f"trials_{index}": report for index, report in enumerate(reports)}
    collect_trials.run(config, inputs, {"trials": path}, workbench.context)
    return path


def test_a_trials_scores_are_those_of_scikit_learns_cross_validation(workbench):
    table = workbench.sample("train", rows=300)
    found = read_json(search(workbench, table, 2))
    rows = read_labelled(table, Train(**learning()))
    kinds = {feature.name: feature.kind for feature in rows.features}
    from sklearn.linear_model import LogisticRegression

    estimator = LogisticRegression(random_state=3, **found["params"])
    pipeline = make_pipeline(estimator, rows.table, kinds, Train(**learning()).preprocess)
    folds = KFold(4, shuffle=True, random_state=3)
    wanted = cross_val_score(pipeline, rows.table, rows.label, cv=folds, scoring="roc_auc")
    assert found["scores"] == pytest.approx(wanted.tolist(), abs=1e-12)
    assert found["mean"] == pytest.approx(float(np.mean(wanted)), abs=1e-12)
    assert found["std"] == pytest.approx(float(np.std(wanted)), abs=1e-12)
    assert (found["status"], found["message"], found["index"]) == ("ok", None, 2)


def test_preprocessing_is_fitted_inside_each_fold(workbench, monkeypatch):
    """Every transformer sees three quarters of the rows and never all of them."""
    from sklearn.preprocessing import StandardScaler

    seen = []
    fit = StandardScaler.fit
    monkeypatch.setattr(
        StandardScaler, "fit", lambda self, x, y=None: (seen.append(len(x)), fit(self, x, y))[1]
    )
    search(workbench, workbench.sample("train", rows=200), 0)
    assert seen == [150] * 4


def test_the_same_trial_is_the_same_bytes_with_any_number_of_threads(workbench):
    table = workbench.sample("train")
    estimator = "sklearn.ensemble.HistGradientBoostingClassifier"
    space = {"max_iter": {"int": [5, 20]}}
    made = {search(workbench, table, 1, space=space, estimator=estimator).read_bytes()}
    for threads in (1, 2):
        other = replace(workbench, context=replace(workbench.context, threads=threads))
        made.add(search(other, table, 1, space=space, estimator=estimator).read_bytes())
    assert len(made) == 1


def test_a_trial_that_cannot_be_fitted_is_told_and_fails_nothing(workbench):
    table = workbench.sample("train")
    space = {"C": {"choice": [-1.0, 1.0]}}
    reports = [search(workbench, table, index, space=space, draw="grid") for index in range(2)]
    failed, fine = map(read_json, reports)
    assert (failed["status"], failed["mean"], fine["status"]) == ("failed", None, "ok")
    assert "LogisticRegression could not be fitted: InvalidParameterError" in failed["message"]
    found = read_json(collected(workbench, reports))
    assert [one["status"] for one in found["trials"]] == ["failed", "ok"]
    assert found["best"] == 1


def test_when_every_trial_fails_the_search_does(workbench):
    space = {"C": {"choice": [-1.0, -2.0]}}
    reports = [
        search(workbench, workbench.sample("train"), index, space=space, draw="grid") for index in range(2)
    ]
    with pytest.raises(StepFailed, match=r"all 2 trials failed; the first one: .*could not be fitted"):
        collected(workbench, reports)


def test_a_score_that_is_no_number_fails_the_trial(workbench):
    """A fold without a positive row has no ROC curve."""
    table = workbench.write(
        "train", {"a": np.arange(40.0), "b": ["x"] * 40, "__label__": [True] * 3 + [False] * 37}
    )
    found = read_json(search(workbench, table, 0))
    assert found["status"] == "failed"


def test_the_first_of_equals_is_the_best_and_a_metric_may_want_to_be_small(workbench):
    def report(index, mean):
        return {"index": index, "params": {}, "scores": [mean], "mean": mean, "std": 0.0, "status": "ok"}

    trials = [report(0, 0.5), report(1, 0.9), report(2, 0.9), report(3, 0.1)]
    small = TypeAdapter(Trial.model_fields["metric"].annotation).validate_python(
        {"name": "loss", "python": "m:f", "greater_is_better": False}
    )
    assert collect_trials.best_of(trials, "roc_auc")["index"] == 1
    assert collect_trials.best_of(trials, small)["index"] == 3
    assert collect_trials.best_of([{"status": "failed"}], "roc_auc") is None


def test_a_tuned_model_has_the_best_trials_parameters_over_those_given(workbench):
    table = workbench.sample("train")
    reports = [search(workbench, table, index, params={"max_iter": 200}) for index in range(3)]
    trials = collected(workbench, reports)
    config = Train(**learning(params={"max_iter": 200}), tuned=True)
    assert config.input_ports() == {"train": "table", "trials": "report"}
    model = workbench.folder / "model"
    train.run(
        config,
        {"train": table, "trials": trials},
        {"model": model, "environment": workbench.folder / "environment"},
        workbench.context,
    )
    best = max(map(read_json, reports), key=lambda one: one["mean"])
    assert load_model_file(model).signature["params"] == {"max_iter": 200, **best["params"]}


def test_a_space_round_trips_through_json():
    adapter = TypeAdapter(Space)
    said = {
        "a": {"choice": [[5, 5], None]},
        "b": {"int": [1, 3]},
        "c": {"float": [0.0, 1.0]},
        "d": SPACE["C"],
    }
    assert adapter.validate_json(adapter.dump_json(adapter.validate_python(said))) == adapter.validate_python(
        said
    )

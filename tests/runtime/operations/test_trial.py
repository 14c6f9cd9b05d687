"""Trials, their collection, and the model trained with the best: real fits on a small table."""

import json
from dataclasses import replace

import numpy as np
import pytest
from pydantic import TypeAdapter
from sklearn.metrics import get_scorer
from sklearn.model_selection import KFold, cross_val_score

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.decisions import read_json
from mlopsc.runtime.learning.fitting import fit_model, read_labelled
from mlopsc.runtime.learning.preprocessing import make_pipeline
from mlopsc.runtime.models.archive import load_model_file
from mlopsc.runtime.operations import collect_trials, outer_fold, score_search, train, trial
from mlopsc.runtime.tuning.best import best_of
from mlopsc.runtime.tuning.nested import nested_scores
from mlopsc.vocabulary.operations import CollectTrials, Train, Trial, read_operation
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
    trial.run(read_operation(said), {"train": table}, {"report": path}, workbench.context)
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


@pytest.mark.parametrize(("metric", "fits"), [("roc_auc", 4), ("f1", 4 * 6)])
def test_a_threshold_is_chosen_only_where_the_metric_depends_on_one(workbench, monkeypatch, metric, fits):
    """Of four folds each is fitted, and for the threshold five times more on parts of it."""
    from sklearn.linear_model import LogisticRegression

    count = []
    fit = LogisticRegression.fit
    monkeypatch.setattr(
        LogisticRegression, "fit", lambda self, *data, **more: (count.append(1), fit(self, *data, **more))[1]
    )
    table = workbench.sample("train", rows=300)
    decided = {"threshold": {"maximize": "f1"}, "split": {"type": "random", "test": 0.25}}
    found = read_json(search(workbench, table, 2, metric=metric, **decided))
    assert len(count) == fits
    scores = []
    config = Train(**learning(params=found["params"], **decided))
    rows = read_labelled(table, config)
    for learned, scored in KFold(4, shuffle=True, random_state=3).split(rows.table):
        model = fit_model(config, rows.take(learned), workbench.context)
        part = rows.take(scored)
        scores.append(get_scorer(metric)(model, part.table, part.label))
    assert found["scores"] == pytest.approx(scores, abs=1e-12)


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
    assert best_of(trials, "roc_auc")["index"] == 1
    assert best_of(trials, small)["index"] == 3
    assert best_of([{"status": "failed"}], "roc_auc") is None


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


def test_a_proposed_trial_learns_from_its_share_of_the_rows_and_is_scored_on_all(workbench, monkeypatch):
    from mlopsc.runtime.tuning import trying

    table = workbench.sample("train", rows=200)
    candidate = {"index": 7, "candidate": 2, "rung": 1, "resource": 0.5, "params": {"C": 1.0}, "rows": 0.5}
    proposal = workbench.folder / "candidates"
    sizes = []
    fit = trying.fit_model
    monkeypatch.setattr(
        trying, "fit_model", lambda config, rows, context: (sizes.append(rows), fit(config, rows, context))[1]
    )

    def tried(**more):
        proposal.write_text(json.dumps({"trials": [], "candidates": [{**candidate, "skip": None, **more}]}))
        said = {
            "operation": "trial",
            "training": "t",
            "train": {"operation": "train", **learning()},
            "space": SPACE,
            "draw": "proposed",
            "metric": "roc_auc",
            "cv": {"type": "kfold", "folds": 4},
            "seed": 3,
            "index": 0,
            "timed": True,
        }
        outputs = {port: workbench.folder / port for port in ("report", "timing")}
        config = read_operation(said)
        trial.run(config, {"train": table, "candidates": proposal}, outputs, workbench.context)
        return read_json(outputs["report"]), read_json(outputs["timing"])["seconds"]

    found, seconds = tried()
    assert [len(rows.label) for rows in sizes] == [75] * 4
    assert {key: found[key] for key in ("index", "candidate", "rung", "resource", "status")} == {
        "index": 7, "candidate": 2, "rung": 1, "resource": 0.5, "status": "ok",
    }  # fmt: skip
    assert seconds > 0
    half = [set(rows.table["a"]) for rows in sizes]
    sizes.clear()
    tried(rows=0.75)
    assert all(few < set(rows.table["a"]) for few, rows in zip(half, sizes, strict=True))
    skipped, seconds = tried(skip="no time")
    assert (skipped["status"], skipped["message"], skipped["mean"], seconds) == (
        "skipped",
        "no time",
        None,
        0.0,
    )


def test_of_rungs_the_last_one_that_has_any_decides():
    def at(index, rung, mean):
        return {"index": index, "rung": rung, "mean": mean, "status": "failed" if mean is None else "ok"}

    trials = [at(0, 0, 0.9), at(1, 0, 0.8), at(2, 1, 0.7)]
    assert best_of(trials, "roc_auc")["index"] == 2
    assert best_of([*trials[:2], at(2, 1, None)], "roc_auc")["index"] == 0


def test_an_outer_fold_keeps_rows_from_the_search_and_scores_its_model_on_them(workbench):
    import pyarrow.parquet as pq

    table = workbench.sample("train", rows=120)
    outer = {"operation": "outer_fold", "training": "t", "cv": {"type": "kfold", "folds": 3}, "seed": 1}
    kept = []
    for fold in range(3):
        parts = {port: workbench.folder / f"{port}{fold}" for port in ("train", "test")}
        config = read_operation({**outer, "fold": fold})
        outer_fold.run(config, {"train": table}, parts, workbench.context)
        kept.append(pq.read_table(parts["test"]))
        assert len(pq.read_table(parts["train"])) == 80
    whole = pq.read_table(table)
    told = [row for one in kept for row in one.to_pylist()]
    assert sorted(map(str, told)) == sorted(map(str, whole.to_pylist()))
    trials = collected(workbench, [search(workbench, parts["train"], index) for index in range(2)])
    config = read_operation(
        {
            "operation": "score_search",
            "training": "t",
            "train": {"operation": "train", **learning()},
            "metrics": ["roc_auc", "accuracy"],
            "fold": 2,
        }
    )
    report = workbench.folder / "score"
    score_search.run(config, {**parts, "trials": trials}, {"report": report}, workbench.context)
    found = read_json(report)
    assert (found["fold"], found["rows"], set(found["metrics"])) == (2, 40, {"roc_auc", "accuracy"})
    whole = nested_scores([found, {**found, "metrics": {"roc_auc": None, "accuracy": 0.5}}])
    assert whole["metrics"]["roc_auc"]["mean"] is None  # a mean would tell of one fold alone
    assert whole["metrics"]["accuracy"]["mean"] == pytest.approx((found["metrics"]["accuracy"] + 0.5) / 2)


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

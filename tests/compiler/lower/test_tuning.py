"""Lowering of a search: trials side by side, what collects them, and the training that takes the best."""

import pytest

from mlopsc.compiler.lower.tuning import default_folds
from mlopsc.plan.fans import fan_outs
from mlopsc.plan.plan import Artifact
from mlopsc.vocabulary.splits import GroupSplit, RandomSplit, StratifiedSplit, TimeSplit
from tests.specs import SMALL, compiled, merged

RANDOM = "search: random, trials: 5, parallel: 3, space: {C: {loguniform: [1.0e-3, 10]}}"


def pipeline(folder, tune, rest="apiVersion: mlopsc/v1"):
    text = merged(merged(SMALL, f"training: {{late: {{tune: {{{tune}}}}}}}"), rest)
    return compiled(folder, text).require().pipeline("train")


def test_trials_fan_out_between_split_and_training(tmp_path):
    found = pipeline(tmp_path, RANDOM)
    fan = fan_outs(found.steps)["trial_late"]
    assert fan.names == tuple(f"trial_late_{index}" for index in range(5))
    assert (fan.field, fan.limit, fan.values) == ("index", 3, (0, 1, 2, 3, 4))
    assert fan.first.inputs == {"train": Artifact(step="split_late", port="train")}
    collect = found.step("trials_late")
    assert list(collect.inputs) == [f"trials_{index}" for index in range(5)]
    assert found.step("train_late").inputs["trials"] == Artifact(step="trials_late", port="trials")
    assert found.step("train_late").configuration["tuned"] is True


def test_nothing_of_the_test_part_comes_to_a_search(tmp_path):
    found = pipeline(tmp_path, RANDOM)
    test = Artifact(step="split_late", port="test")
    readers = {step.name for step in found.steps if test in step.inputs.values()}
    assert readers == {"evaluate_late"}


def test_a_trial_says_what_it_needs_and_nothing_of_the_others(tmp_path):
    """So that more trials leave those that were made in the cache."""
    few = pipeline(tmp_path, RANDOM).step("trial_late_0").configuration
    many = pipeline(tmp_path, RANDOM.replace("trials: 5", "trials: 50").replace("parallel: 3", "parallel: 9"))
    assert many.step("trial_late_0").configuration == few
    assert few["cv"] == {"type": "time"}
    assert few["space"] == {"C": {"loguniform": [0.001, 10.0]}}
    assert few["seed"] == 0


def test_a_grid_has_a_trial_for_each_combination(tmp_path):
    found = pipeline(
        tmp_path, "search: grid, seed: 4, space: {C: {choice: [1, 2]}, max_iter: {int: [10, 30], step: 10}}"
    )
    fan = fan_outs(found.steps)["trial_late"]
    assert len(fan.members) == 6
    assert fan.first.configuration["seed"] == 4


def test_a_training_without_a_search_is_as_before(tmp_path):
    found = compiled(tmp_path, SMALL).require().pipeline("train").step("train_late")
    assert list(found.inputs) == ["train"]
    assert "tuned" not in found.configuration


@pytest.mark.parametrize(
    ("split", "kind"),
    [
        (RandomSplit(type="random"), "kfold"),
        (StratifiedSplit(type="stratified"), "stratified"),
        (GroupSplit(type="group", by="a"), "group"),
        (TimeSplit(type="time", test=0.2), "time"),
    ],
)
def test_folds_are_made_as_the_split_is(split, kind):
    assert default_folds(split).type == kind


def test_rungs_are_fan_outs_whose_sizes_are_known_and_what_they_try_is_not(tmp_path):
    found = pipeline(tmp_path, "search: halving, trials: 10, space: {C: {loguniform: [1.0e-3, 10]}}")
    fans = fan_outs(found.steps)
    assert {group: len(fan.members) for group, fan in fans.items()} == {
        "trial_late_r0": 10,
        "trial_late_r1": 4,
        "trial_late_r2": 2,
    }
    second = found.step("propose_late_r1")
    assert set(second.inputs) == {"so_far", *(f"trials_{index}" for index in range(10))}
    assert (second.configuration["size"], second.configuration["rows"]) == (4, pytest.approx(1 / 3))
    assert fans["trial_late_r1"].first.inputs["candidates"] == Artifact(
        step="propose_late_r1", port="candidates"
    )
    assert set(found.step("trials_late").inputs) == {"so_far", "trials_0", "trials_1"}


def test_a_parameter_grows_from_rung_to_rung_up_to_its_greatest(tmp_path):
    found = pipeline(
        tmp_path,
        "search: halving, trials: 9, resource: {param: max_iter, max: 100}, space: {C: {loguniform: [0.1, 1]}}",
    )
    grown = [found.step(f"propose_late_r{number}").configuration["grown"] for number in range(3)]
    assert grown == [{"max_iter": 11}, {"max_iter": 33}, {"max_iter": 100}]


@pytest.mark.parametrize(("trials", "factor"), [(20, 3), (64, 2), (7, 4)])
def test_rungs_are_those_of_scikit_learn(trials, factor):
    from scipy.stats import uniform
    from sklearn.datasets import make_classification
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401
    from sklearn.model_selection import HalvingRandomSearchCV
    from sklearn.tree import DecisionTreeClassifier

    from mlopsc.vocabulary.tuning import HalvingSearch, rungs

    space = {"a": {"float": [0, 1]}}
    resource = {"param": "max_depth", "max": 200}
    said = {"search": "halving", "trials": trials, "factor": factor, "space": space, "resource": resource}
    x, y = make_classification(60, random_state=0)
    search = HalvingRandomSearchCV(
        DecisionTreeClassifier(random_state=0),
        {"ccp_alpha": uniform(0, 0.01)},
        n_candidates=trials,
        factor=factor,
        resource="max_depth",
        max_resources=200,
        min_resources="exhaust",
        cv=2,
        random_state=0,
    ).fit(x, y)
    found = rungs(HalvingSearch.model_validate(said))
    assert [one.size for one in found] == search.n_candidates_
    # Theirs grow from the rounded first amount; ours are each rounded from the last, which is all there is.
    assert [one.amount for one in found] == pytest.approx(search.n_resources_, rel=0.35)
    assert found[0].amount == search.n_resources_[0]


def test_a_budget_of_time_makes_rounds_of_what_runs_side_by_side(tmp_path):
    found = pipeline(tmp_path, f"{RANDOM}, time: 10m")
    assert {group: len(fan.members) for group, fan in fan_outs(found.steps).items()} == {
        "trial_late_r0": 3,
        "trial_late_r1": 2,
    }
    assert found.step("trial_late_r0_0").outputs == {"report": "report", "timing": "environment"}
    assert set(found.step("propose_late_r1").inputs) == {
        "so_far",
        "spent",
        *(f"{stem}_{index}" for stem in ("trials", "timings") for index in range(3)),
    }


def test_outer_folds_are_searched_by_themselves_and_only_the_evaluation_reads_them(tmp_path):
    gated = "gates: {good: {type: metric, training: late, metric: roc_auc, min: 0.5}}"
    found = pipeline(tmp_path, f"{RANDOM}, nested: 2", gated)
    assert found.step("outer_late_1").configuration["cv"] == {"type": "time", "folds": 2}
    inner = Artifact(step="outer_late_1", port="train")
    assert fan_outs(found.steps)["trial_late_outer1"].first.inputs == {"train": inner}
    assert found.step("train_late").inputs["trials"] == Artifact(step="trials_late", port="trials")
    readers = {
        step.name
        for step in found.steps
        if any(source.step.startswith("score_late_outer") for source in step.inputs.values())
    }
    assert readers == {"evaluate_late"}
    test = Artifact(step="split_late", port="test")
    assert {step.name for step in found.steps if test in step.inputs.values()} == {"evaluate_late"}


def test_rounds_of_outer_folds_begin_with_what_the_first_round_tries(tmp_path):
    found = pipeline(tmp_path, "search: tpe, trials: 4, nested: 2, space: {C: {loguniform: [0.1, 1]}}")
    named = [step.name for step in found.steps if step.name.startswith("propose_")]
    assert named == ["propose_late_r0"]
    assert found.step("trial_late_outer0_r0_0").inputs["candidates"].step == "propose_late_r0"

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

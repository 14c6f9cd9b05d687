"""Lowering of a training for each segment: models side by side, one that is put together, and one to all the rest."""

import pytest

from mlopsc.plan.fans import fan_outs
from mlopsc.plan.plan import Artifact
from tests.specs import SMALL, compiled, merged

ORIGINS = (
    "features: [distance, hour, origin], for_each: {column: origin, values: [EWR, 'New York'], parallel: 2"
)
REST = "registry: {late: {training: late, stages: {live: {}}}}"


def pipelines(folder, segments=ORIGINS + "}", rest=REST):
    return compiled(folder, merged(merged(SMALL, f"training: {{late: {{{segments}}}}}"), rest)).require()


def test_models_fan_out_and_are_put_together(tmp_path):
    found = pipelines(tmp_path).pipeline("train")
    fan = fan_outs(found.steps)["train_late"]
    assert fan.names == ("train_late_ewr", "train_late_new_york")
    assert (fan.field, fan.limit, fan.values) == ("segment", 2, ("EWR", "New York"))
    assert fan.first.after == ("segments_late",)
    assert found.step("assemble_late").inputs == {
        "train": Artifact(step="split_late", port="train"),
        "models_0": Artifact(step="train_late_ewr", port="model"),
        "models_1": Artifact(step="train_late_new_york", port="model"),
    }
    whole = Artifact(step="assemble_late", port="model")
    assert found.step("evaluate_late").inputs["model"] == whole
    assert found.step("register_late").inputs["model"] == whole
    assert found.step("evaluate_late").configuration["slices"] == [{"column": "origin", "min_rows": 1}]


def test_nothing_of_the_test_part_comes_to_a_model(tmp_path):
    found = pipelines(tmp_path).pipeline("train")
    test = Artifact(step="split_late", port="test")
    readers = {step.name for step in found.steps if test in step.inputs.values()}
    assert readers == {"segments_late", "evaluate_late", "register_late"}


def test_a_model_says_what_it_needs_and_nothing_of_the_other_segments(tmp_path):
    """So that another segment leaves those that were trained in the cache."""
    few = pipelines(tmp_path).pipeline("train").step("train_late_ewr").configuration
    many = pipelines(tmp_path, ORIGINS.replace("[EWR,", "[LGA, EWR,") + ", other: pool}")
    assert many.pipeline("train").step("train_late_ewr").configuration == few
    assert few["features"] == ["distance", "hour"]
    assert (few["segment_by"], few["segment"]) == ("origin", "EWR")


def test_a_pooled_model_learns_from_all_rows_and_sees_the_column(tmp_path):
    found = pipelines(tmp_path, ORIGINS + ", other: pool}").pipeline("train")
    pooled = found.step("pooled_late").configuration
    assert pooled["features"] == ["distance", "hour", "origin"]
    assert not {"segment", "segment_by", "for_each"} & pooled.keys()
    assert found.step("assemble_late").inputs["pooled"] == Artifact(step="pooled_late", port="model")


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("", "\"origin\" IN ('EWR', 'New York')"),
        (
            "entities: {where: distance > 1 -- far},",
            "(\ndistance > 1 -- far\n) AND \"origin\" IN ('EWR', 'New York')",
        ),
    ],
)
def test_rows_that_are_dropped_are_no_part_of_the_population(tmp_path, where, expected):
    plan = pipelines(tmp_path, where + ORIGINS + ", other: drop}")
    for pipeline, step in (("train", "features_late"), ("predict_late", "predict_late")):
        assert plan.pipeline(pipeline).step(step).configuration["where"] == expected


def test_trials_come_after_the_count_and_are_one_search(tmp_path):
    tuned = ORIGINS + "}, tune: {search: grid, space: {C: {choice: [1, 2]}}}"
    found = pipelines(tmp_path, tuned).pipeline("train")
    trial = found.step("trial_late_0")
    assert trial.after == ("segments_late",)
    assert trial.configuration["train"]["for_each"]["values"] == ["EWR", "New York"]
    trials = Artifact(step="trials_late", port="trials")
    assert found.step("train_late_ewr").inputs["trials"] == trials


def test_values_that_read_alike_have_steps_by_their_place(tmp_path):
    found = pipelines(tmp_path, ORIGINS.replace("'New York'", "'ewr!'") + "}").pipeline("train")
    assert fan_outs(found.steps)["train_late"].names == ("train_late_0", "train_late_1")


def test_a_slice_that_is_declared_is_not_measured_twice(tmp_path):
    found = pipelines(tmp_path, ORIGINS + "}, slices: [{column: origin, name: airport}]").pipeline("train")
    assert [one["column"] for one in found.step("evaluate_late").configuration["slices"]] == ["origin"]

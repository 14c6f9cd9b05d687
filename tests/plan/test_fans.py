"""Fan-outs: found in a pipeline's steps, and held to what every target can carry out."""

import pytest

from mlopsc.plan.fans import fan_faults, fan_outs, gathered, side_by_side, units
from mlopsc.plan.plan import Fan
from tests.plans import step, trial_steps


def test_members_stand_together_where_the_first_of_them_stood():
    features, before, *trials, collect = trial_steps(3)
    found = [
        one.name if hasattr(one, "name") else one.group for one in units((features, before, *trials, collect))
    ]
    assert found == ["features_t", "split_t", "trial_t", "trials_t"]
    fan = fan_outs(trials)["trial_t"]
    assert (fan.field, fan.limit, fan.values) == ("index", 2, (0, 1, 2))
    assert fan.names == ("trial_t_0", "trial_t_1", "trial_t_2")


def test_numbered_ports_that_read_every_member_are_one_list():
    *_, collect = steps = trial_steps(3)
    fans = fan_outs(steps)
    (found,) = gathered(collect, fans).items()
    assert (found[0], found[1].group, found[1].port) == ("trials", "trial_t", "report")
    inputs = {port: source for port, source in collect.inputs.items() if port != "trials_1"}
    assert gathered(collect.model_copy(update={"inputs": inputs}), fans) == {}


def test_what_the_compiler_makes_has_no_fault():
    assert list(fan_faults(trial_steps(3))) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"fan": Fan(group="trial_t", index=2, field="index", limit=2)}, "fan-out 'trial_t' has no member 1"),
        ({"name": "try_t_1"}, "'try_t_1' is not named after its fan-out 'trial_t'"),
        ({"after": ("split_t",)}, "'trial_t_1' differs from 'trial_t_0' in more than 'index'"),
        ({"inputs": {}}, "'trial_t_1' differs from 'trial_t_0' in more than 'index'"),
    ],
)
def test_members_differ_in_one_field_and_nothing_else(change, told):
    *before, first, second, third, collect = trial_steps(3)
    assert told in list(fan_faults((*before, first, second.model_copy(update=change), third, collect)))


def test_members_are_not_the_same_step_twice():
    *before, first, second, collect = trial_steps(2)
    same = second.model_copy(update={"configuration": first.configuration})
    assert "two members of fan-out 'trial_t' are the same" in list(
        fan_faults((*before, first, same, collect))
    )


def test_nothing_reads_one_member_alone():
    steps = trial_steps(2)
    alone = step("verdict", "verdict", {"decisions": ["a"]}, {"a": "trial_t_1.report"})
    assert list(fan_faults((*steps, alone))) == [
        "'verdict' reads 'trial_t_1' alone, which is one of the fan-out 'trial_t'"
    ]


def test_so_many_run_side_by_side_as_there_are_and_may_be():
    split, *trials = trial_steps(3, limit=2)[1:4]
    assert [side_by_side(one, (split, *trials)) for one in (split, *trials)] == [1, 2, 2]
    assert side_by_side(trial_steps(3, limit=8)[2], trial_steps(3, limit=8)) == 3
    assert side_by_side(trial_steps(3, limit=None)[2], trial_steps(3, limit=None)) == 3

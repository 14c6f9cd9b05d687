"""Cores and memory are shared out, never twice, and all come back."""

from mlopsc_local.resources import Resources

from mlopsc.vocabulary.policy import Policy


def fits(free: Resources, **policy: object) -> bool:
    share = free.share(Policy(**policy))
    if free.has(share):
        free.take(share)
        return True
    return False


def test_a_step_takes_a_core_by_default():
    free = Resources(2, 2**30)
    assert [fits(free), fits(free), fits(free)] == [True, True, False]


def test_fractions_of_cores_add_up_exactly():
    free = Resources(1, 2**30)
    shares = [free.share(Policy(cpu=cpu)) for cpu in (0.1, 0.2, 0.7)]
    for share in shares:
        assert free.has(share)
        free.take(share)
    assert not fits(free, cpu=0.001)
    for share in shares:
        free.give_back(share)
    assert fits(free, cpu=1.0)


def test_memory_is_shared_too():
    free = Resources(8, 4 * 2**30)
    assert fits(free, memory="3Gi")
    assert not fits(free, memory="2Gi")
    assert fits(free, memory="1Gi")


def test_a_step_that_asks_for_more_than_there_is_gets_all_of_it_and_runs_alone():
    free = Resources(2, 2**30)
    assert fits(free, cpu=64, memory="100Gi")
    assert not fits(free, cpu=0.1)
    busy = Resources(2, 2**30)
    assert fits(busy)
    assert not fits(busy, cpu=64)


def test_half_a_core_of_a_container_is_shared_as_that():
    free = Resources(0.5, 2**30)
    assert [fits(free, cpu=0.25), fits(free, cpu=0.25), fits(free, cpu=0.25)] == [True, True, False]


def test_this_machine_has_something_to_share():
    assert fits(Resources.of_this_machine())

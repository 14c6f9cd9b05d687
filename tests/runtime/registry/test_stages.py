"""A stage has one champion, who comes by compare-and-swap and goes back along the recorded history."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from mlopsc.diagnostics.errors import RegistryError
from mlopsc.runtime.registry import Candidate, Promotion, Registry
from mlopsc.runtime.store import Store

MODEL = "late_arrival"


def promote(registry: Registry, number: int, expected: int | None, stage: str = "production") -> Promotion:
    return registry.promote(
        MODEL, number, stage, expected_champion=expected, actor="ana", evidence={"beats_champion": "pass"}
    )


def champion(registry: Registry, stage: str = "production") -> int | None:
    found = registry.champion(MODEL, stage)
    return found and found.number


def test_a_promotion_changes_the_champion_of_its_stage_alone(three: Registry) -> None:
    assert champion(three) is None
    assert promote(three, 2, None) == Promotion(
        model=MODEL, stage="production", version=2, previous=None, changed=True
    )
    assert promote(three, 3, 2).previous == 2
    assert (champion(three), champion(three, "staging")) == (3, None)
    assert [(holder.stage, holder.version) for holder in three.holders(MODEL)] == [("production", 3)]


def test_a_promotion_is_refused_when_another_version_came_meanwhile(three: Registry) -> None:
    promote(three, 1, None)
    promote(three, 2, 1)
    with pytest.raises(RegistryError) as caught:
        promote(three, 3, 1)
    assert str(caught.value) == (
        "version late_arrival/3 was not promoted: late_arrival@production is held by version 2, "
        "but the candidate was judged against version 1"
    )
    assert caught.value.help
    with pytest.raises(RegistryError, match="judged against no version"):
        promote(three, 3, None)
    assert champion(three) == 2


def test_a_promotion_that_is_done_already_is_done_once(three: Registry) -> None:
    promote(three, 1, None)
    promote(three, 2, 1)
    entries = len(three.history(MODEL))
    assert not promote(three, 2, 1).changed
    assert len(three.history(MODEL)) == entries


def test_only_a_known_version_gets_a_stage_that_it_has(three: Registry) -> None:
    with pytest.raises(RegistryError, match=r"unknown stage 'prodution'.*'production', 'staging'") as caught:
        promote(three, 1, None, stage="prodution")
    assert caught.value.help == "did you mean 'production'?"
    with pytest.raises(RegistryError, match=r"unknown version late_arrival/4: .* has versions 1 to 3"):
        promote(three, 4, None)


def test_a_rollback_leads_to_the_previous_holder_and_on(three: Registry) -> None:
    for number, expected in ((1, None), (2, 1), (3, 2)):
        promote(three, number, expected)
    assert three.rollback(MODEL, "production", actor="ben").version == 2
    assert three.rollback(MODEL, "production", actor="ben").version == 1
    with pytest.raises(RegistryError, match="no version held late_arrival@production before late_arrival/1"):
        three.rollback(MODEL, "production", actor="ben")
    assert champion(three) == 1
    last = three.history(MODEL)[-1]
    assert (last.action, last.actor, last.version, last.from_version) == ("rollback", "ben", 1, 2)


def test_a_rollback_skips_what_was_rolled_back(three: Registry) -> None:
    promote(three, 1, None)
    promote(three, 2, 1)
    three.rollback(MODEL, "production", actor="ben")
    promote(three, 3, 1)
    assert three.rollback(MODEL, "production", actor="ben").version == 1  # not 2, which had been found bad


def test_a_rollback_may_name_the_version_it_is_against(three: Registry) -> None:
    promote(three, 1, None)
    promote(three, 2, 1)
    three.rollback(MODEL, "production", actor="ben", expected_champion=2)
    with pytest.raises(RegistryError, match="held by version 1, expected version 2"):
        three.rollback(MODEL, "production", actor="ben", expected_champion=2)
    assert champion(three) == 1


def test_nothing_to_roll_back_is_said(three: Registry) -> None:
    with pytest.raises(RegistryError, match="late_arrival@production is held by no version"):
        three.rollback(MODEL, "production", actor="ben")


def test_the_champion_of_a_time_is_known(
    location: str, store: Store, candidate: Callable[..., Candidate]
) -> None:
    start = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    hours = iter([0, 1, 2, 3, 4, 5])
    with Registry.open(location, store=store, clock=lambda: start + timedelta(hours=next(hours))) as registry:
        registry.register(MODEL, candidate("one"), actor="ana", promote=True)  # at 0
        registry.register(MODEL, candidate("two"), actor="ana", promote=True, expected_champion=1)  # at 1
        registry.rollback(MODEL, "staging", actor="ben")  # at 2

        def number(hours: float) -> int | None:
            found = registry.champion_at(MODEL, "staging", start + timedelta(hours=hours))
            return found and found.number

        assert [number(at) for at in (-0.1, 0, 0.9, 1, 1.9, 2, 99)] == [None, 1, 1, 2, 2, 1, 1]


def test_a_clock_that_is_set_back_changes_no_order(
    location: str, store: Store, candidate: Callable[..., Candidate]
) -> None:
    start = datetime(2026, 3, 29, tzinfo=UTC)
    hours = iter([5, 1])
    with Registry.open(location, store=store, clock=lambda: start + timedelta(hours=next(hours))) as registry:
        registry.register(MODEL, candidate("one"), actor="ana", promote=True)
        registry.register(MODEL, candidate("two"), actor="ana", promote=True, expected_champion=1)
        assert champion(registry, "staging") == 2
        assert [entry.version for entry in registry.history(MODEL)] == [1, 1, 2, 2]
        assert [entry.sequence for entry in registry.history(MODEL)] == [1, 2, 3, 4]
        late = registry.champion_at(MODEL, "staging", start + timedelta(hours=6))
        assert late is not None
        assert late.number == 2


def test_references_are_resolved(three: Registry) -> None:
    promote(three, 2, None)
    assert three.resolve("late_arrival@production").number == 2
    assert three.resolve("late_arrival/3").number == 3


@pytest.mark.parametrize(
    ("reference", "message", "help"),
    [
        ("late_arival@production", "unknown model 'late_arival'", "did you mean 'late_arrival'?"),
        ("late_arival/1", "unknown model 'late_arival'", "did you mean 'late_arrival'?"),
        ("late_arrival@stagin", "unknown stage 'stagin'", "did you mean 'staging'?"),
        ("late_arrival@staging", "no version of model 'late_arrival' holds stage 'staging' yet", None),
        ("late_arrival/0", "has versions 1 to 3", None),
        ("late_arrival/99999999999999999999", "has versions 1 to 3", None),
        ("late_arrival", "expected NAME@STAGE or NAME/NUMBER", None),
        ("@staging", "expected NAME@STAGE or NAME/NUMBER", None),
        ("late_arrival/-1", "expected NAME@STAGE or NAME/NUMBER", None),
    ],
)
def test_a_wrong_reference_says_what_there_is(
    three: Registry, reference: str, message: str, help: str | None
) -> None:
    with pytest.raises(RegistryError, match=message) as caught:
        three.resolve(reference)
    if help:
        assert caught.value.help == help

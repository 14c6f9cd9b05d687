"""A version is entered once, whole, with everything a later promotion needs; what is missing never enters."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mlopsc.diagnostics.errors import LeaseLost, RegistryError
from mlopsc.runtime.registry import Candidate, Registry
from mlopsc.runtime.store import Store, blob_name, digest_of_bytes

Make = Callable[..., Candidate]


def test_a_version_comes_out_as_it_went_in(location: str, store: Store, candidate: Make) -> None:
    at = datetime(2026, 1, 31, 9, tzinfo=UTC)
    with Registry.open(location, store=store, clock=lambda: at) as registry:
        given = candidate(stages={"zeta": ("good_enough",), "alpha": ()})
        version = registry.register("late_arrival", given, actor="ana").version
    with Registry.open(location) as again:
        assert again.version("late_arrival", 1) == version
    assert version.name == "late_arrival/1"
    assert version.digest == digest_of_bytes(b"a model") == version.artifacts["model"]
    assert version.artifacts == given.artifacts
    assert list(version.stages.items()) == [("zeta", ("good_enough",)), ("alpha", ())]  # the order is kept
    assert version.gates == given.gates
    assert version.metrics == {"roc_auc": 0.7}
    assert version.lineage == given.lineage
    assert version.decisions == given.decisions
    assert (version.created_at, version.actor, version.run) == (at, "ana", "run-1")


def test_versions_count_from_one_for_each_model(registry: Registry, candidate: Make) -> None:
    made = [
        registry.register(model, candidate(content), actor="ana").version.name
        for model, content in [("b", "one"), ("a", "one"), ("b", "two"), ("b", "three")]
    ]
    assert made == ["b/1", "a/1", "b/2", "b/3"]
    assert registry.models() == ("a", "b")
    assert [version.number for version in registry.versions("b")] == [1, 2, 3]


def test_the_same_model_and_lineage_is_one_version(registry: Registry, candidate: Make) -> None:
    first = registry.register("late_arrival", candidate(), actor="ana")
    again = registry.register("late_arrival", candidate(run="run-2"), actor="ben")
    assert first.created
    assert not again.created
    assert again.version == first.version
    assert len(registry.history("late_arrival")) == 1
    other = registry.register("late_arrival", candidate(lineage={"spec": "sha256:11"}), actor="ana")
    assert (other.version.number, other.version.digest) == (2, first.version.digest)


def test_a_registration_can_give_the_first_stage(registry: Registry, candidate: Make) -> None:
    first = registry.register("late_arrival", candidate("one"), actor="ana", promote=True)
    second = registry.register(
        "late_arrival", candidate("two"), actor="ana", promote=True, expected_champion=1
    )
    again = registry.register(
        "late_arrival", candidate("two"), actor="ana", promote=True, expected_champion=1
    )
    assert (first.promoted, second.promoted, again.promoted) == (True, True, False)
    assert registry.champion("late_arrival", "staging") == second.version
    assert registry.champion("late_arrival", "production") is None
    actions = [
        (entry.action, entry.version, entry.from_version) for entry in registry.history("late_arrival")
    ]
    assert actions == [
        ("register", 1, None),
        ("promote", 1, None),
        ("register", 2, None),
        ("promote", 2, 1),
    ]


def test_a_late_registration_undoes_no_rollback(registry: Registry, candidate: Make) -> None:
    registry.register("late_arrival", candidate("one"), actor="ana", promote=True)
    registry.register("late_arrival", candidate("two"), actor="ana", promote=True, expected_champion=1)
    registry.rollback("late_arrival", "staging", actor="ana")
    late = registry.register("late_arrival", candidate("two"), actor="ana", promote=True, expected_champion=1)
    assert (late.created, late.promoted, late.version.number) == (False, False, 2)
    champion = registry.champion("late_arrival", "staging")
    assert champion is not None
    assert champion.number == 1


def test_a_registration_whose_guard_says_no_leaves_nothing(registry: Registry, candidate: Make) -> None:
    def guard() -> None:
        raise LeaseLost("taken over")

    with pytest.raises(LeaseLost):
        registry.register("late_arrival", candidate("one"), actor="ana", promote=True, guard=guard)
    with pytest.raises(LeaseLost):
        registry.refuse("late_arrival", "sha256:00", actor="ana", evidence={}, guard=guard)
    assert registry.versions("late_arrival") == ()
    assert registry.history() == ()


def test_a_registration_that_cannot_promote_leaves_nothing(registry: Registry, candidate: Make) -> None:
    registry.register("late_arrival", candidate("one"), actor="ana", promote=True)
    with pytest.raises(
        RegistryError, match="held by version 1, but the candidate was judged against no version"
    ):
        registry.register("late_arrival", candidate("two"), actor="ana", promote=True)
    assert [version.number for version in registry.versions("late_arrival")] == [1]
    assert len(registry.history()) == 2


def test_a_model_that_the_store_never_saw_is_refused(registry: Registry, candidate: Make) -> None:
    ghost = digest_of_bytes(b"never stored")
    with pytest.raises(RegistryError, match=f"artifact 'profile' \\({ghost}\\) is not in the store"):
        registry.register(
            "late_arrival", candidate(artifacts=candidate().artifacts | {"profile": ghost}), actor="ana"
        )
    assert registry.models() == ()


@pytest.mark.parametrize("content", [b"a mode", b"", b"A model"], ids=["cut", "empty", "changed"])
def test_a_damaged_model_is_refused(
    registry: Registry, candidate: Make, tmp_path: Path, content: bytes
) -> None:
    given = candidate()
    blob = tmp_path / "store" / blob_name(given.digest)
    blob.chmod(0o644)
    blob.write_bytes(content)
    with pytest.raises(RegistryError, match=r"artifact 'model' .* does not have the digest"):
        registry.register("late_arrival", given, actor="ana")
    assert registry.models() == ()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"artifacts": {"metrics": "sha256:" + 64 * "0"}}, "name no 'model'"),
        ({"artifacts": {"model": "../../etc/passwd"}}, "is not a digest"),
        ({"stages": {}}, "has no stages"),
        ({"stages": {"staging": ("fair",)}}, "stage 'staging' .* requires gate 'fair', which is not given"),
        ({"metrics": {"roc_auc": float("nan")}}, "without NaN"),
        ({"lineage": {"path": Path()}}, "plain JSON"),
        ({"run": "\ud800"}, "failed"),
    ],
)
def test_an_incomplete_candidate_is_refused(
    registry: Registry, candidate: Make, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(RegistryError, match=message):
        registry.register("late_arrival", candidate(**changes), actor="ana")
    assert registry.models() == ()


def test_registering_needs_the_store(location: str, candidate: Make) -> None:
    with Registry.open(location) as registry, pytest.raises(RegistryError, match="opened without a store"):
        registry.register("late_arrival", candidate(), actor="ana")


def test_find_confirms_a_model_digest(registry: Registry, candidate: Make) -> None:
    for lineage in ({"spec": "1"}, {"spec": "2"}):
        registry.register("late_arrival", candidate(lineage=lineage), actor="ana")
    digest = candidate().digest

    def number(**given: object) -> int | None:
        found = registry.find("late_arrival", digest, **given)  # type: ignore[arg-type]
        return found and found.number

    assert number() == 2
    assert number(lineage={"spec": "1"}) == 1
    assert number(lineage={"spec": "3"}) is None
    assert registry.find("late_arrival", digest_of_bytes(b"other")) is None
    assert registry.find("another", digest) is None


HOSTILE = [
    "x'; drop table registry_versions; --",
    '"',
    "%s %(a)s :b ?",
    "a/3",
    "a@b",
    "{{7*7}}",
    "\u202eabc",
    "\n",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_data(registry: Registry, candidate: Make, name: str) -> None:
    given = candidate(
        stages={name: (name,)}, gates={name: {name: name}}, lineage={name: name}, decisions={name: name}
    )
    made = registry.register(name, given, actor=name, promote=True).version
    assert registry.models() == (name,)
    assert registry.champion(name, name) == made
    assert registry.resolve(f"{name}/1") == made
    assert registry.refuse(name, name, actor=name, evidence={name: name}, stage=name).actor == name
    assert [entry.action for entry in registry.history(name)] == ["register", "promote", "refuse"]

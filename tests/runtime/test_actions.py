"""Equal work has an equal key; every difference has its own, and its own words."""

from pathlib import Path
from typing import Any

import pytest

from mlopsc.diagnostics.errors import StoreError
from mlopsc.runtime.actions import (
    ActionCache,
    ActionRecord,
    Miss,
    action_key,
    changed_meanwhile,
    explain_miss,
    fingerprint,
)
from mlopsc.runtime.store import Store, blob_name

BASE: dict[str, Any] = {
    "operation": "train",
    "config": {"params": {"max_iter": 100, "alpha": 1}, "seed": 7, "columns": ["a", "b"]},
    "inputs": {"table": "sha256:aa"},
    "code": {"features.py": "sha256:bb", "pkg/__init__.py": "sha256:cc"},
    "libraries": {"scikit-learn": "1.9.0"},
    "environment": {"TZ": "UTC", "LANG": None},
    "image": "sha256:dd",
    "world": None,
}

CHANGES = [
    ({"operation": "fit"}, ["operation changed: train → fit"]),
    (
        {"config": {"params": {"max_iter": 200, "alpha": 1}, "seed": 7, "columns": ["a", "b"]}},
        ["params.max_iter changed: 100 → 200"],
    ),
    (
        {"config": {"params": {"max_iter": 100, "alpha": 1.0}, "seed": 7, "columns": ["a", "b"]}},
        ["params.alpha changed: 1 → 1.0"],
    ),
    (
        {"config": {"params": {"max_iter": 100, "alpha": 1}, "seed": None, "columns": ["a"]}},
        ['columns changed: ["a", "b"] → ["a"]', "seed changed: 7 → null"],
    ),
    (
        {"config": {"params": {"alpha": 1, "tol": 0.1}, "seed": 7, "columns": ["a", "b"]}},
        ["params.tol added: 0.1", "params.max_iter removed, it was 100"],
    ),
    ({"inputs": {"table": "sha256:ab"}}, ["input 'table' changed"]),
    ({"code": {"features.py": "sha256:be", "pkg/__init__.py": "sha256:cc"}}, ["code of features.py changed"]),
    ({"code": {"features.py": "sha256:bb"}}, ["code of pkg/__init__.py removed"]),
    ({"libraries": {"scikit-learn": "1.9.1"}}, ["scikit-learn 1.9.0 → 1.9.1"]),
    ({"environment": {"TZ": "CET", "LANG": None}}, ["environment variable TZ changed"]),
    ({"environment": {"TZ": "UTC", "LANG": ""}}, ["environment variable LANG changed"]),
    ({"image": "sha256:de"}, ["image changed: sha256:dd → sha256:de"]),
    ({"world": "sha256:ee"}, ["what it observes changed"]),
]


@pytest.mark.parametrize(("change", "words"), CHANGES)
def test_every_component_changes_the_key_and_is_named(change: dict[str, Any], words: list[str]) -> None:
    before, after = action_key(**BASE), action_key(**(BASE | change))
    assert before.key != after.key
    assert explain_miss(before.components, after.components) == words


def test_the_order_of_mappings_does_not_matter() -> None:
    turned = {
        name: dict(reversed(value.items())) if isinstance(value, dict) else value
        for name, value in BASE.items()
    }
    assert action_key(**turned) == action_key(**BASE)
    assert explain_miss(action_key(**BASE).components, action_key(**turned).components) == []


def test_a_key_is_the_same_in_every_release() -> None:
    key = action_key("train", {"seed": 7}, {"table": "sha256:aa"}).key
    assert key == "ff128e40e280ee80" + "77987e834018db9ef9f60beffd7be8762de38aada3a47116"


def test_values_of_the_environment_are_kept_only_as_digests() -> None:
    action = action_key("train", {}, {}, environment={"TOKEN": "hunter2"})
    assert "hunter2" not in str(action)


def test_the_first_run_and_another_format_are_told() -> None:
    action = action_key(**BASE)
    assert explain_miss(None, action.components) == ["no earlier run"]
    assert explain_miss({"format": 0}, action.components) == [
        "the cache's format changed with this version of mlopsc"
    ]


def test_long_values_are_shown_short() -> None:
    before = action_key("load", {"sql": "select 1"}, {})
    after = action_key("load", {"sql": "select " + "1 + " * 100}, {})
    (words,) = explain_miss(before.components, after.components)
    assert len(words) < 100
    assert words.endswith("…")


@pytest.fixture
def cache(tmp_path: Path) -> ActionCache:
    return ActionCache(Store.open(tmp_path / "store"))


def saved(cache: ActionCache) -> ActionRecord:
    action = action_key(**BASE)
    outputs = {"model": cache.store.put_bytes(b"model"), "metrics": cache.store.put_bytes(b"{}\n")}
    record = ActionRecord(action.key, "train", outputs, "refused", "too few rows", action.components, 1.5)
    cache.save(record)
    return record


def test_a_record_comes_back_equal(cache: ActionCache) -> None:
    record = saved(cache)
    assert cache.lookup(record.key) == record
    assert cache.lookup(action_key("other", {}, {}).key) == Miss(None)


def test_a_deleted_output_is_a_miss_that_says_so(cache: ActionCache) -> None:
    record = saved(cache)
    (cache.store.work.parent / blob_name(record.outputs["model"])).unlink()
    found = cache.lookup(record.key)
    assert isinstance(found, Miss)
    assert str(found.reason).startswith("cached output 'model' is missing from the store")


def test_a_flipped_byte_of_an_output_is_a_miss_that_says_so(cache: ActionCache) -> None:
    record = saved(cache)
    blob = cache.store.work.parent / blob_name(record.outputs["metrics"])
    blob.chmod(0o644)
    blob.write_bytes(b"[}\n")
    again = ActionCache(Store.open(cache.store.work.parent))
    found = again.lookup(record.key)
    assert isinstance(found, Miss)
    assert str(found.reason).startswith("cached output 'metrics' is damaged")
    assert saved(again) == again.lookup(record.key)


BROKEN = [
    *(b"", b"{", b"[]", b'{"surprise": 1}', b"\xff"),
    b'{"key": "a", "operation": "b", "outputs": 5}',
    b'{"key": "a", "operation": "b", "outputs": {"model": "../x"}}',
    b'{"key": "a", "operation": "b", "outputs": {"model": 1}}',
]


@pytest.mark.parametrize("data", BROKEN)
def test_a_damaged_record_is_a_miss_that_says_so(cache: ActionCache, data: bytes) -> None:
    record = saved(cache)
    cache.store.files.write(f"actions/{record.key[:2]}/{record.key}.json", data, durable=True)
    assert cache.lookup(record.key) == Miss("the record of its cached result is damaged")


def test_another_actions_record_under_its_name_is_a_miss(cache: ActionCache) -> None:
    record, other = saved(cache), action_key("other", {}, {}).key
    data = cache.store.files.read(f"actions/{record.key[:2]}/{record.key}.json")
    assert data is not None
    cache.store.files.write(f"actions/{other[:2]}/{other}.json", data, durable=True)
    assert cache.lookup(other) == Miss("the record of its cached result is another action's")


def test_no_record_without_its_outputs(cache: ActionCache) -> None:
    with pytest.raises(StoreError, match=r"output 'model' .* is not in the store"):
        cache.save(ActionRecord("ab" * 32, "train", {"model": "sha256:" + "0" * 64}))
    assert cache.lookup("ab" * 32) == Miss(None)


@pytest.mark.parametrize("step", ["train", "../../outside", "a/b", "é" * 200, "."])
def test_the_latest_components_of_a_step_are_remembered(cache: ActionCache, step: str) -> None:
    assert cache.latest("train", step) is None
    first, second = action_key(**BASE), action_key(**(BASE | {"image": None}))
    cache.remember("train", step, first.components)
    cache.remember("train", step, second.components)
    assert cache.latest("train", step) == second.components
    assert cache.store.doctor() == []
    assert sorted(path.name for path in cache.store.work.parent.parent.iterdir()) == ["store"]


def test_a_file_that_changes_while_a_step_runs_is_told(tmp_path: Path) -> None:
    kept, replaced, gone, new = (tmp_path / name for name in ("kept", "replaced", "gone", "new"))
    for path in (kept, replaced, gone):
        path.write_bytes(b"1")
    before = fingerprint([kept, replaced, gone, new])
    (tmp_path / "other").write_bytes(b"2")
    (tmp_path / "other").replace(replaced)
    gone.unlink()
    new.write_bytes(b"3")
    after = fingerprint([kept, replaced, gone, new])
    assert changed_meanwhile(before, after) == sorted(map(str, (gone, new, replaced)))
    assert changed_meanwhile(after, fingerprint([kept, replaced, gone, new])) == []

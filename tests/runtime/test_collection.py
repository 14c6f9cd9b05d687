"""What nothing needs goes, what anything needs stays, and neither a kill nor a run at the same time does harm."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlopsc.diagnostics.errors import MlopscError, StoreError, StoreUnreachable
from mlopsc.runtime.actions import ActionCache, ActionRecord, Miss, action_key
from mlopsc.runtime.store import Store, blob_name, digest_of_bytes
from mlopsc.runtime.store.collection import collect, pin
from mlopsc.runtime.store.exclusion import guard

DAY = 86_400.0


@pytest.fixture(params=["local", "memory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "local":
        return Store.open(tmp_path / "store")
    if request.param == "memory":
        return Store.open(f"memory://{tmp_path}/store", cache=tmp_path / "cache")
    return Store.open(request.getfixturevalue("s3_url"), cache=tmp_path / "cache")


def record(store: Store, name: str, inputs: dict[str, str] | None = None) -> str:
    """Store what a step made, and its record; return the record's key."""
    action = action_key(name, {}, inputs or {})
    outputs = {"data": store.put_bytes(f"made by {name}".encode())}
    ActionCache(store).save(ActionRecord(action.key, name, outputs, components=action.components))
    return action.key


def made_by(name: str) -> str:
    return digest_of_bytes(f"made by {name}".encode())


def later(days: float) -> float:
    return time.time() + days * DAY


def test_what_was_used_lately_stays(store: Store) -> None:
    record(store, "load")
    store.put_bytes(b"not recorded yet")
    assert collect(store, unused=0, roots=set).gone == ()
    assert collect(store, unused=30 * DAY, roots=set, now=later(29)).gone[0].name == blob_name(
        digest_of_bytes(b"not recorded yet")
    )
    assert store.exists(made_by("load"))


def test_what_nobody_used_goes_record_first(store: Store) -> None:
    key = record(store, "load")
    found = collect(store, unused=30 * DAY, roots=set, now=later(31))
    assert [(one.kind, one.name) for one in found.gone] == [
        ("records", f"actions/{key[:2]}/{key}.json"),
        ("artifacts", blob_name(made_by("load"))),
    ]
    assert found.held["artifacts"] == (1, len(b"made by load"))
    assert not store.exists(made_by("load"))
    assert ActionCache(store).lookup(key) == Miss(None)
    assert store.doctor() == []


def test_a_dry_run_says_the_same_and_removes_nothing(store: Store) -> None:
    for name in ("load", "split"):
        record(store, name)
    said = collect(store, unused=DAY, roots=set, now=later(31), dry_run=True)
    assert len(said.gone) == 4
    assert store.exists(made_by("load"))
    assert said == collect(store, unused=DAY, roots=set, now=later(31))


def test_roots_keys_and_pins_stay_with_all_that_they_name(store: Store) -> None:
    used = record(store, "train", {"data": store.put_bytes(b"its input")})
    for name in ("root", "other"):
        record(store, name)
    pin(store, "late_arrival", {"model": store.put_bytes(b"a model")})
    gone = collect(store, unused=DAY, roots=lambda: {made_by("root")}, keys=[used], now=later(31)).gone
    assert blob_name(made_by("other")) in {one.name for one in gone}
    kept = [b"made by train", b"its input", b"made by root", b"a model"]
    assert all(store.exists(digest_of_bytes(content)) for content in kept)
    assert len(list(store.files.digests())) == 4
    assert store.doctor() == []


def test_a_reused_record_counts_as_used(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    key = record(store, "load")
    with monkeypatch.context() as patched:
        now = later(20)
        patched.setattr(time, "time", lambda: now)
        assert isinstance(ActionCache(store).lookup(key), ActionRecord)
        assert isinstance(ActionCache(store).lookup(key, use=True), ActionRecord)
    assert collect(store, unused=30 * DAY, roots=set, now=later(40)).gone == ()
    assert len(collect(store, unused=30 * DAY, roots=set, now=later(51)).gone) == 2


def test_a_record_from_before_uses_were_noted_ages_by_its_file(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "store")
    key = record(store, "load")
    name = f"actions/{key[:2]}/{key}.json"
    store.write_document(name, {part: v for part, v in store.read_document(name).items() if part != "used"})
    assert collect(store, unused=30 * DAY, roots=set, now=later(29)).gone == ()
    assert len(collect(store, unused=30 * DAY, roots=set, now=later(31)).gone) == 2


def test_what_is_damaged_and_not_needed_goes_too(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "store")
    key = record(store, "load")
    (tmp_path / "store" / "actions" / key[:2] / f"{key}.json").write_bytes(b"{")
    blob = tmp_path / "store" / blob_name(made_by("load"))
    blob.chmod(0o644)
    blob.write_bytes(b"flipped")
    assert len(store.doctor()) == 2
    assert len(collect(store, unused=0, roots=set, now=later(1)).gone) == 2
    assert store.doctor() == []


def test_a_store_that_does_not_answer_loses_nothing(s3_url: str, tmp_path: Path) -> None:
    with pytest.raises(StoreUnreachable):
        collect(
            Store.open("s3://no-such-bucket/x", cache=tmp_path / "cache"), unused=0, roots=set, now=later(9)
        )


def test_roots_that_cannot_be_told_stop_it_before_anything_goes(store: Store) -> None:
    record(store, "load")

    def unknown() -> set[str]:
        raise OSError("the registry is down")

    with pytest.raises(OSError, match="the registry is down"):
        collect(store, unused=0, roots=unknown, now=later(31))
    assert store.exists(made_by("load"))


def test_a_record_used_while_a_remote_store_is_collected_keeps_its_blobs(
    s3_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = (Store.open(s3_url, cache=tmp_path / name) for name in ("mine", "theirs"))
    keys = [record(mine, name) for name in ("load", "split")]
    remove, now = type(mine.files).remove, later(31)

    def use_first(files: object, name: str) -> None:
        """Another machine reuses what is just being looked at, and makes something of what is gone."""
        with monkeypatch.context() as patched:
            patched.setattr(time, "time", lambda: now)
            for key in keys:
                ActionCache(theirs).lookup(key, use=True)
        remove(files, name)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(type(mine.files), "remove", use_first)
        gone = collect(mine, unused=DAY, roots=set, now=now).gone
    assert len([one for one in gone if one.kind == "records"]) == 1
    assert mine.doctor() == []
    survivors = [key for key in keys if isinstance(ActionCache(theirs).lookup(key), ActionRecord)]
    assert len(survivors) == 1


@pytest.mark.parametrize("how", ["kill", "EIO"])
def test_a_collection_that_breaks_anywhere_leaves_a_sound_store(tmp_path: Path, how: str) -> None:
    for number in range(1, 30):
        store = Store.open(tmp_path / str(number))
        keys = [record(store, name, {"data": made_by("load")}) for name in ("load", "split", "train")]
        child = os.fork()
        if not child:
            status = 70
            try:
                sys.path.insert(0, str(Path(__file__).parent))
                from faulty import break_call

                break_call(number, how)
                collect(store, unused=DAY, roots=set, keys=keys[:1], now=later(31))
                status = 0
            except (OSError, MlopscError):
                status = 3
            finally:
                os._exit(status)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert store.doctor() == []
        assert isinstance(ActionCache(store).lookup(keys[0]), ActionRecord)
        if code == 0:
            break
        assert code == (-signal.SIGKILL if how == "kill" else 3)
        collect(store, unused=DAY, roots=set, keys=keys[:1], now=later(31))
        assert len(list(store.files.digests())) == 1
    assert number > 4


_USER = """
import random, sys, time
from pathlib import Path
import mlopsc.runtime.actions as actions, mlopsc.runtime.store.local as local
from mlopsc.runtime.store import Store
actions._RENEWED = local._TOUCHED = 0.0
store, hits, made = Store.open(sys.argv[1]), 0, 0
cache, choice = actions.ActionCache(store), random.Random(int(sys.argv[2]))
for _ in range(400):
    index = choice.randrange(60)
    key = actions.action_key("t", index, {}).key
    found = cache.lookup(key, use=True)
    if isinstance(found, actions.Miss):
        assert found.reason is None, found
        digest = store.put_bytes(b"%d" % (index // 2))
        cache.save(actions.ActionRecord(key, "t", {"data": digest}))
        made += 1
    else:
        digest = found.outputs["data"]
        hits += 1
    time.sleep(choice.random() / 100)
    assert store.get_path(digest).read_bytes() == b"%d" % (index // 2)
print(hits, made)
"""


def test_runs_never_lose_what_they_use_to_a_collection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlopsc.runtime.store.collection._KEPT_LOCALLY", 0.4)
    root = tmp_path / "store"
    users = [
        subprocess.Popen(
            [sys.executable, "-c", _USER, str(root), str(seed)], stdout=subprocess.PIPE, text=True
        )
        for seed in range(3)
    ]
    store, gone = Store.open(root), 0
    while any(user.poll() is None for user in users):
        gone += len(collect(store, unused=0, roots=set).gone)
    counts = [[int(word) for word in user.communicate()[0].split()] for user in users]
    assert [user.returncode for user in users] == [0, 0, 0]
    assert gone > 0
    assert all(hits > 0 and made > 0 for hits, made in counts)
    assert store.doctor() == []


def test_a_store_that_is_made_while_a_collection_begins_is_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, opened = tmp_path / "store", os.open

    def late(path: Path, *arguments: int) -> int:
        try:
            return opened(path, *arguments)
        finally:
            root.mkdir(exist_ok=True)

    monkeypatch.setattr(os, "open", late)
    with guard(root, exclusive=True):
        assert (root / "lock").is_file()


def test_a_collection_waits_for_users_and_gives_up_when_one_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlopsc.runtime.store.exclusion._PATIENCE", 0.1)
    store = Store.open(tmp_path / "store")
    record(store, "load")
    with (
        guard(tmp_path / "store", exclusive=False),
        guard(tmp_path / "store", exclusive=False),
        pytest.raises(StoreError, match="has been in use for"),
    ):
        collect(store, unused=0, roots=set)
    assert collect(store, unused=0, roots=set).gone == ()

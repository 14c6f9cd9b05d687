"""Content goes in whole, comes out verified, and no kill or full disk leaves anything in between."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mlopsc.diagnostics.errors import StoreError
from mlopsc.runtime.actions import ActionCache, ActionRecord, Miss, action_key
from mlopsc.runtime.store import Fault, Store, blob_name, digest_of_bytes

HELLO = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
KEY = action_key("train", {"seed": 7}, {}).key


@pytest.fixture(params=["local", "memory", "sftp-like", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "local":
        return Store.open(tmp_path / "store")
    if request.param == "s3":
        return Store.open(request.getfixturevalue("s3_url"), cache=tmp_path / "cache")
    if request.param == "memory":
        return Store.open(f"memory://{tmp_path}/store", cache=tmp_path / "cache")
    (tmp_path / "far").mkdir()  # fsspec's folder file system renames, as sftp and HDFS do
    return Store.open(f"local://{tmp_path}/far", cache=tmp_path / "cache")


def flip_a_byte(path: Path) -> None:
    """Change one byte and keep size, permissions and modification time, as a careful hand would."""
    before = path.stat()
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    path.write_bytes(data)
    path.chmod(0o444)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_content_is_named_by_its_digest(store: Store) -> None:
    assert store.put_bytes(b"hello") == HELLO
    assert store.get_path(HELLO).read_bytes() == b"hello"
    assert store.exists(HELLO)
    assert store.verify(HELLO)
    assert store.size(HELLO) == 5
    assert store.doctor() == []


def test_what_was_never_stored_is_missing(store: Store) -> None:
    assert not store.exists(HELLO)
    assert not store.verify(HELLO)
    assert store.size(HELLO) is None
    with pytest.raises(StoreError, match=f"{HELLO} is missing from the store"):
        store.get_path(HELLO)


def test_a_file_is_copied_or_moved_in(store: Store, tmp_path: Path) -> None:
    source = tmp_path / "out.bin"
    source.write_bytes(b"hello")
    assert store.put_file(source) == HELLO
    assert source.exists()
    assert store.put_file(source, move=True) == HELLO
    assert not source.exists()
    source.write_bytes(b"other")
    assert store.get_path(store.put_file(source, move=True)).read_bytes() == b"other"
    assert not source.exists()


def test_a_linked_file_is_copied_even_when_moved(tmp_path: Path) -> None:
    store, source, other = Store.open(tmp_path / "store"), tmp_path / "a", tmp_path / "b"
    source.write_bytes(b"hello")
    other.hardlink_to(source)
    store.put_file(source, move=True)
    other.write_bytes(b"HELLO")
    assert store.get_path(HELLO).read_bytes() == b"hello"


def test_only_regular_files_are_stored(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="expected a regular file"):
        store.put_file(tmp_path)
    with pytest.raises(StoreError, match=r"there is no such file|expected a regular file"):
        store.put_file(tmp_path / "absent")


@pytest.mark.parametrize("text", ["sha256:../../etc/passwd", "md5:0", HELLO.upper(), ""])
def test_what_is_no_digest_reaches_no_path(store: Store, text: str) -> None:
    with pytest.raises(StoreError, match="expected a digest"):
        store.get_path(text)


def test_local_blobs_are_read_only_and_are_not_copied_out(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "store")
    path = store.get_path(store.put_bytes(b"hello"))
    assert path == tmp_path / "store" / blob_name(HELLO)
    assert path.stat().st_mode & 0o777 == 0o444


def test_a_file_url_is_a_local_store(tmp_path: Path) -> None:
    Store.open(f"file://{tmp_path}/store").put_bytes(b"hello")
    assert Store.open(tmp_path / "store").verify(HELLO)


def test_an_unknown_protocol_is_refused_without_its_password() -> None:
    with pytest.raises(StoreError, match="cannot open the store nosuch://host/x") as caught:
        Store.open("nosuch://me:hunter2@host/x")
    assert "hunter2" not in str(caught.value)


def test_a_local_store_imports_no_fsspec() -> None:
    code = (
        "import sys; from mlopsc.runtime.store import Store; Store.open('x'); print('fsspec' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("reopen", [False, True])
def test_a_flipped_byte_is_noticed_and_healed_by_the_next_put(tmp_path: Path, reopen: bool) -> None:
    store = Store.open(tmp_path / "store")
    store.put_bytes(b"hello")
    flip_a_byte(tmp_path / "store" / blob_name(HELLO))
    if reopen:
        store = Store.open(tmp_path / "store")
    assert "is damaged" in str(store.damage(HELLO))
    assert not store.verify(HELLO)
    with pytest.raises(StoreError, match="is damaged"):
        store.get_path(HELLO)
    assert [fault.where for fault in store.doctor()] == [blob_name(HELLO)]
    store.put_bytes(b"hello")
    assert store.damage(HELLO) is None
    assert store.doctor() == []


def test_a_damaged_remote_blob_is_noticed_when_it_is_consumed(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    url = f"local://{tmp_path}/far"
    Store.open(url, cache=tmp_path / "one").put_bytes(b"hello")
    blob = tmp_path / "far" / blob_name(HELLO)
    blob.write_bytes(b"jello")
    other = Store.open(url, cache=tmp_path / "two")
    assert [fault.where for fault in other.doctor()] == [blob_name(HELLO)]
    with pytest.raises(StoreError, match="is damaged"):
        other.get_path(HELLO)
    other.put_bytes(b"hello")
    assert blob.read_bytes() == b"hello"
    assert other.doctor() == []


def test_a_touched_file_is_read_again_and_found_whole(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "store")
    store.put_bytes(b"hello")
    (tmp_path / "store" / blob_name(HELLO)).touch()
    assert Store.open(tmp_path / "store").damage(HELLO) is None


def test_a_torn_list_of_identities_costs_only_a_hashing(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "store")
    store.put_bytes(b"hello")
    identities = tmp_path / "store" / "identities"
    identities.write_bytes(identities.read_bytes()[:-9] + b"\xff\n1 2\n\n")
    assert Store.open(tmp_path / "store").damage(HELLO) is None


def test_the_list_of_identities_does_not_grow_for_ever(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "store")
    store.put_bytes(b"hello")
    identities = tmp_path / "store" / "identities"
    identities.write_bytes(identities.read_bytes() * 2000)
    again = Store.open(tmp_path / "store")
    assert again.damage(HELLO) is None
    assert identities.read_bytes().count(b"\n") == 1


def test_documents_are_canonical_json(store: Store) -> None:
    assert store.read_document("actions/aa/x.json") is None
    store.write_document("actions/aa/x.json", {"b": "é", "a": 1})
    assert store.read_document("actions/aa/x.json") == {"a": 1, "b": "é"}
    assert store.files.read("actions/aa/x.json") == '{"a":1,"b":"é"}\n'.encode()


def test_doctor_names_records_that_do_not_hold_what_they_say(store: Store) -> None:
    cache, name = ActionCache(store), f"actions/{KEY[:2]}/{KEY}.json"
    cache.save(ActionRecord(KEY, "split", {"train": store.put_bytes(b"hello")}))
    record = store.read_document(name)
    missing = digest_of_bytes(b"x")
    store.write_document(name, record | {"outputs": {"train": missing}})
    assert store.doctor() == [Fault(name, f"output 'train' is missing: {missing}")]
    store.write_document(name, record | {"key": "ff"})
    assert store.doctor() == [Fault(name, "does not hold the action that its name says")]
    store.files.write(name, b"", durable=True)
    assert store.doctor() == [Fault(name, "is not JSON")]


def test_unfinished_files_are_swept_by_age(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "store")
    store.put_bytes(b"hello")
    (tmp_path / "store" / "tmp" / ".tmp-1-abc").write_bytes(b"half")
    assert store.doctor() == []
    assert store.sweep() == 0
    assert store.sweep(older_than=0) == 1
    assert list((tmp_path / "store" / "tmp").iterdir()) == []


def step(root: Path) -> None:
    """Store three outputs in the three ways there are, then their record."""
    store = Store.open(root / "store")
    (root / "model").write_bytes(b"a model" * 1000)
    outputs = {
        "model": store.put_file(root / "model", move=True),
        "metrics": store.put_bytes(b"metrics"),
        "copy": store.put_file(root / "source"),
    }
    ActionCache(store).save(ActionRecord(KEY, "train", outputs))


@pytest.mark.parametrize("damaged", [False, True])
def test_a_kill_at_any_write_leaves_the_old_state_or_the_new(tmp_path: Path, damaged: bool) -> None:
    number, kills = 0, 0
    while True:
        number += 1
        code = _carry_out(tmp_path, number, "kill", damaged)
        store = Store.open(tmp_path / str(number) / "store")
        found = ActionCache(store).lookup(KEY)
        if not damaged:
            assert store.doctor() == []
        if code == 0:
            break
        assert code == -signal.SIGKILL
        kills += 1
        if isinstance(found, ActionRecord):  # killed after the last rename: everything is there
            assert all(store.verify(digest) for digest in found.outputs.values())
        else:
            assert found == Miss(None)
        assert _carry_out(tmp_path, number, "kill", False, at=0) == 0
        assert isinstance(ActionCache(store).lookup(KEY), ActionRecord)
        store.sweep(older_than=0)
        assert store.doctor() == []
        assert not list((tmp_path / str(number)).rglob(".tmp-*"))
    assert isinstance(found, ActionRecord)
    assert kills > 20


@pytest.mark.parametrize("how", ["ENOSPC", "EIO"])
def test_a_full_or_broken_disk_is_said_and_leaves_nothing_partial(tmp_path: Path, how: str) -> None:
    number, failures = 0, 0
    while True:
        number += 1
        code = _carry_out(tmp_path, number, how, False)
        store = Store.open(tmp_path / str(number) / "store")
        assert store.doctor() == []
        if code == 3:
            failures += 1
        else:
            assert code == 0
            assert isinstance(ActionCache(store).lookup(KEY), ActionRecord)
        assert _carry_out(tmp_path, number, how, False, at=0) == 0
        assert store.doctor() == []
        if number > failures + 10:
            break
    assert failures > 15


def _carry_out(tmp_path: Path, number: int, how: str, damaged: bool, at: int | None = None) -> int:
    """Run the step in a process whose `number`th change of the disk breaks; return how it ended."""
    root = tmp_path / str(number)
    root.mkdir(exist_ok=True)
    (root / "source").write_bytes(b"copied")
    if damaged:
        store = Store.open(root / "store")
        flip_a_byte(store.get_path(store.put_bytes(b"metrics")))
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status = 70
    try:
        sys.path.insert(0, str(Path(__file__).parent))
        from faulty import break_call

        break_call(number if at is None else at, how)
        step(root)
        status = 0
    except StoreError as error:
        status = error.exit_code
    finally:
        os._exit(status)

"""A store on a real S3 server: shared, verified, and clear about what is wrong."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mlopsc.diagnostics.errors import StoreError, StoreUnreachable
from mlopsc.runtime.actions import ActionCache, ActionRecord, action_key
from mlopsc.runtime.store import Store, blob_name, digest_of_bytes
from mlopsc.runtime.store.copies import SIZE_VARIABLE
from tests.s3 import S3Server, s3_server

KEY = action_key("train", {"seed": 7}, {}).key
HELLO = digest_of_bytes(b"hello")


@pytest.fixture
def dying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """A server that the test may kill or stop, tried once only."""
    with s3_server() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        server.make_bucket("bucket")
        yield server


def test_another_machine_reads_what_was_stored(s3_url: str, tmp_path: Path) -> None:
    Store.open(s3_url, cache=tmp_path / "one").put_bytes(b"hello")
    other = Store.open(s3_url, cache=tmp_path / "two")
    assert other.exists(HELLO)
    assert other.get_path(HELLO).read_bytes() == b"hello"


def test_what_another_machine_stores_later_is_seen(s3_url: str, tmp_path: Path) -> None:
    one, two = (Store.open(s3_url, cache=tmp_path / name) for name in ("one", "two"))
    assert not two.exists(HELLO)
    assert two.doctor() == []
    one.put_bytes(b"hello")
    ActionCache(one).save(ActionRecord(KEY, "train", {"model": HELLO}))
    assert two.exists(HELLO)
    assert isinstance(ActionCache(two).lookup(KEY), ActionRecord)
    assert list(two.files.digests()) == [HELLO]


def test_a_blob_is_downloaded_once(s3_url: str, tmp_path: Path) -> None:
    Store.open(s3_url, cache=tmp_path / "one").put_bytes(b"hello")
    two = Store.open(s3_url, cache=tmp_path / "two")
    path = two.get_path(HELLO)
    two.files.fs.rm_file(f"{two.files.root}/{blob_name(HELLO)}")  # type: ignore[attr-defined]
    assert two.get_path(HELLO) == path
    assert Store.open(s3_url, cache=tmp_path / "two").get_path(HELLO) == path


def test_a_damaged_copy_is_downloaded_again(s3_url: str, tmp_path: Path) -> None:
    Store.open(s3_url, cache=tmp_path / "one").put_bytes(b"hello")
    copy = tmp_path / "one" / blob_name(HELLO)
    copy.chmod(0o644)
    copy.write_bytes(b"jello")
    assert Store.open(s3_url, cache=tmp_path / "one").get_path(HELLO).read_bytes() == b"hello"


def test_copies_that_do_not_fit_go_unless_just_used(
    s3_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SIZE_VARIABLE, "0.000002")  # two thousand bytes
    store = Store.open(s3_url, cache=tmp_path / "cache")
    digests = [store.put_bytes(bytes([index]) * 900) for index in range(4)]
    copies = [tmp_path / "cache" / blob_name(digest) for digest in digests]
    assert all(copy.is_file() for copy in copies)
    monkeypatch.setattr("mlopsc.runtime.store.copies._IN_USE", -1.0)
    last = store.put_bytes(b"x" * 900)
    assert [copy.is_file() for copy in copies] == [False, False, False, True]
    assert (tmp_path / "cache" / blob_name(last)).is_file()
    assert store.get_path(digests[0]).read_bytes() == bytes([0]) * 900  # from the server


def test_the_size_of_the_copies_is_a_number(
    s3_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SIZE_VARIABLE, "many")
    with pytest.raises(StoreError, match=f"{SIZE_VARIABLE} is 'many': expected gigabytes"):
        Store.open(s3_url, cache=tmp_path / "cache")


def test_damage_on_the_server_is_noticed_and_healed(s3_url: str, tmp_path: Path) -> None:
    one = Store.open(s3_url, cache=tmp_path / "one")
    one.put_bytes(b"hello")
    one.files.fs.pipe_file(f"{one.files.root}/{blob_name(HELLO)}", b"jello")  # type: ignore[attr-defined]
    assert [fault.where for fault in one.doctor()] == [blob_name(HELLO)]
    two = Store.open(s3_url, cache=tmp_path / "two")
    with pytest.raises(StoreError, match="is damaged"):
        two.get_path(HELLO)
    two.put_bytes(b"hello")
    assert one.doctor() == []


def test_a_large_file_goes_up_in_parts_and_comes_back_whole(s3_url: str, tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        for index in range(110):
            file.write(bytes([index]) * 1_000_000)
    digest = Store.open(s3_url, cache=tmp_path / "one").put_file(large, move=True)
    assert Store.open(s3_url, cache=tmp_path / "two").get_path(digest).stat().st_size == 110_000_000


def test_parts_of_an_upload_that_never_ended_are_swept_by_age(s3_url: str, tmp_path: Path) -> None:
    store = Store.open(s3_url, cache=tmp_path / "cache")
    fs, (bucket, _, prefix) = store.files.fs, store.files.root.partition("/")  # type: ignore[attr-defined]
    fs.call_s3("create_multipart_upload", Bucket=bucket, Key=f"{prefix}/blobs/ab/x")
    fs.call_s3("create_multipart_upload", Bucket=bucket, Key="somebody/elses")
    assert store.sweep(older_than=1e12) == 0
    assert store.sweep() == 1  # this server begins every upload in 2010
    assert [upload["Key"] for upload in fs.list_multipart_uploads(bucket)] == ["somebody/elses"]


def test_many_writers_of_the_same_content_end_with_it(s3_url: str, tmp_path: Path) -> None:
    stores = [Store.open(s3_url, cache=tmp_path / str(index)) for index in range(6)]

    def write(store: Store) -> None:
        for index in range(5):
            store.put_bytes(b"content %d" % index)
        ActionCache(store).save(ActionRecord(KEY, "train", {"model": digest_of_bytes(b"content 0")}))

    threads = [threading.Thread(target=write, args=[store]) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    fresh = Store.open(s3_url, cache=tmp_path / "fresh")
    assert len(list(fresh.files.digests())) == 5
    assert fresh.doctor() == []


@pytest.mark.parametrize(
    "act",
    [
        lambda store: ActionCache(store).lookup(KEY),
        lambda store: store.put_bytes(b"hello"),
        lambda store: store.get_path(HELLO),
        lambda store: store.doctor(),
    ],
    ids=["lookup", "put", "fetch", "doctor"],
)
def test_a_bucket_that_is_not_there_is_said(
    s3_url: str, tmp_path: Path, act: Callable[[Store], object]
) -> None:
    store = Store.open("s3://no-such-bucket/store", cache=tmp_path / "cache")
    with pytest.raises(StoreUnreachable, match="s3://no-such-bucket/store is not there: no such bucket"):
        act(store)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("s3://", "names no bucket"),
        ("s3:///store", "names no bucket"),
        ("s3://AKIA:canary@bucket/store", "credentials do not belong in its URL"),
    ],
)
def test_a_url_that_cannot_be_is_said(url: str, message: str) -> None:
    with pytest.raises(StoreError, match=message) as caught:
        Store.open(url)
    assert "canary" not in str(caught.value)


def test_missing_credentials_are_said(s3_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(StoreUnreachable, match="Unable to locate credentials") as caught:
        ActionCache(Store.open(s3_url, cache=tmp_path / "cache")).lookup(KEY)
    assert "AWS_ACCESS_KEY_ID" in str(caught.value.help)


def test_a_server_that_is_down_is_said_and_what_was_done_stays(dying: S3Server, tmp_path: Path) -> None:
    store = Store.open("s3://bucket/store", cache=tmp_path / "cache")
    store.put_bytes(b"hello")
    dying.kill()
    for act in (lambda: store.put_bytes(b"more"), lambda: ActionCache(store).lookup(KEY)):
        with pytest.raises(StoreUnreachable, match="Could not connect") as caught:
            act()
        assert "server is up" in str(caught.value.help)
        assert "canary-secret" not in str(caught.value)
    assert store.get_path(HELLO).read_bytes() == b"hello"  # the local copy


def test_a_server_that_hangs_is_given_up(
    dying: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlopsc.runtime.store.protocols._READ_SECONDS", 0.5)
    monkeypatch.setattr("mlopsc.runtime.store.protocols._CONNECT_SECONDS", 0.5)
    store = Store.open("s3://bucket/store", cache=tmp_path / "cache")
    store.put_bytes(b"hello")
    dying.pause()
    try:
        with pytest.raises(StoreUnreachable, match=r"(?i)timeout"):
            store.put_bytes(b"more")
    finally:
        dying.resume()
    store.put_bytes(b"more")
    assert store.doctor() == []


def test_a_kill_while_writing_leaves_no_record_without_its_blobs(s3_url: str, tmp_path: Path) -> None:
    code = (
        "import sys; from mlopsc.runtime.store import Store; from pathlib import Path\n"
        "from mlopsc.runtime.actions import ActionCache, ActionRecord, action_key\n"
        "store = Store.open(sys.argv[1], cache=Path(sys.argv[2]))\n"
        "print('ready', flush=True)\n"
        "for index in range(10_000):\n"
        "    outputs = {port: store.put_bytes(b'%d %s' % (index, port.encode())) for port in 'abc'}\n"
        "    ActionCache(store).save(ActionRecord(action_key('t', index, {}).key, 't', outputs))\n"
        "    print(index, flush=True)\n"
    )
    for number in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", code, s3_url, str(tmp_path / "killed")],
            stdout=subprocess.PIPE,
            env=dict(os.environ),
        )
        assert process.stdout is not None
        for _ in range(3 + number):
            process.stdout.readline()
        process.kill()
        process.communicate()
        assert Store.open(s3_url, cache=tmp_path / "look").doctor() == []

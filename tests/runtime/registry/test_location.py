"""Where a registry may be, what a missing or foreign one says, and that no password is ever shown."""

import sqlite3
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from mlopsc.diagnostics.errors import RegistryError
from mlopsc.runtime.registry import Candidate, Registry
from mlopsc.runtime.registry.location import Mount, locate, parse_mounts, redacted
from mlopsc.runtime.store import Store

MOUNTS = r"""/dev/vda / ext4 rw,relatime 0 0
tmpfs /tmp tmpfs rw 0 0
filer:/home /home nfs4 rw,vers=4.2 0 0
/dev/vdb /home/local xfs rw 0 0
//filer/share /mnt/my\040share cifs rw 0 0
ana@host: /mnt/ssh fuse.sshfs rw 0 0
filer:8888:/ /mnt/weed fuse.seaweedfs rw 0 0
/dev/sdb1 /mnt/stick fuseblk rw 0 0
host /mnt/nine 9p rw,trans=virtio 0 0
filer:/old /data nfs rw 0 0
/dev/vdc /data ext4 rw 0 0
"""


def mounts() -> tuple[Mount, ...]:
    return parse_mounts(MOUNTS)


@pytest.mark.parametrize(
    ("path", "type"),
    [
        ("/home/ana/.mlopsc/registry.db", "nfs4"),
        ("/mnt/my share/registry.db", "cifs"),
        ("/mnt/ssh/registry.db", "fuse.sshfs"),
        ("/mnt/weed/registry.db", "fuse.seaweedfs"),
        ("/mnt/nine/deep/er/registry.db", "9p"),
        ("sqlite:////home/registry.db", "nfs4"),
    ],
)
def test_sqlite_on_a_network_file_system_is_refused(path: str, type: str) -> None:
    with pytest.raises(RegistryError, match=f"on a network file system \\({type} at /") as caught:
        Registry.open(path, mounts=mounts)
    assert "PostgreSQL" in str(caught.value.help)


@pytest.mark.parametrize(
    "path",
    [
        "/srv/registry.db",
        "/mnt/stick/registry.db",
        "/home/local/registry.db",
        "/data/registry.db",
        "/homes/r.db",
    ],
)
def test_sqlite_on_a_local_disk_is_welcome(path: str) -> None:
    assert locate(path, mounts).database == path


def test_a_link_to_a_network_file_system_is_seen_through(tmp_path: Path) -> None:
    (tmp_path / "project").symlink_to("/mnt/nine/project")
    with pytest.raises(RegistryError, match="9p at /mnt/nine"):
        locate(tmp_path / "project" / "registry.db", mounts)


def test_reading_a_fresh_project_finds_nothing_and_creates_nothing(tmp_path: Path) -> None:
    with Registry.open(tmp_path / ".mlopsc" / "registry.db") as registry:
        assert registry.models() == ()
        assert registry.versions("late_arrival") == ()
        assert registry.champion("late_arrival", "staging") is None
        assert registry.find("late_arrival", "sha256:00") is None
        assert registry.history() == ()
        with pytest.raises(RegistryError, match=r"unknown model 'late_arrival': .* has none"):
            registry.resolve("late_arrival@staging")
        with pytest.raises(RegistryError, match="nothing to roll back"):
            registry.rollback("late_arrival", "staging", actor="ana")
    assert list(tmp_path.iterdir()) == []


def test_a_registry_that_comes_later_is_seen(
    tmp_path: Path, store: Store, candidate: Callable[..., Candidate]
) -> None:
    path = tmp_path / ".mlopsc" / "registry.db"
    with Registry.open(path) as early, Registry.open(path, store=store) as late:
        assert early.models() == ()
        late.register("late_arrival", candidate(), actor="ana")
        assert early.models() == ("late_arrival",)


def test_a_file_left_empty_by_a_kill_becomes_a_registry(
    tmp_path: Path, store: Store, candidate: Callable[..., Candidate]
) -> None:
    path = tmp_path / "registry.db"
    path.touch()
    with Registry.open(path, store=store) as registry:
        assert registry.models() == ()
        assert registry.register("late_arrival", candidate(), actor="ana").version.number == 1


def test_sqlite_is_durable(tmp_path: Path, store: Store, candidate: Callable[..., Candidate]) -> None:
    path = tmp_path / "registry.db"
    with Registry.open(path, store=store) as registry:
        registry.register("late_arrival", candidate(), actor="ana")
        with registry._database._engine.connect() as connection:
            full = connection.exec_driver_sql("pragma synchronous").scalar()
            mode = connection.exec_driver_sql("pragma journal_mode").scalar()
    assert (full, mode) == (2, "wal")


@pytest.mark.parametrize(("found", "age"), [(0, "an older"), (2, "a newer")])
def test_another_schema_version_is_said(
    location: str, store: Store, candidate: Callable[..., Candidate], found: int, age: str
) -> None:
    with Registry.open(location, store=store) as registry:
        registry.register("late_arrival", candidate(), actor="ana")
        with registry._database._engine.begin() as connection:
            connection.exec_driver_sql(f"update registry_schema set version = {found}")
    with pytest.raises(RegistryError, match=f"by {age} mlopsc: schema version {found}, expected 1"):
        Registry.open(location)


def test_another_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table runs (id)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(RegistryError, match="is a database of something else"):
        Registry.open(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "registry.db").write_text("apiVersion: mlopsc/v1\n" * 100)
    with pytest.raises(RegistryError, match="file is not a database") as caught:
        Registry.open(tmp_path / "registry.db")
    assert "restore it" in str(caught.value.help)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("file/registry.db", "unable to open"),
        ("file/deeper/registry.db", "cannot be created: Not a directory"),
    ],
)
def test_a_folder_that_cannot_be_made_is_said(
    tmp_path: Path, store: Store, candidate: Callable[..., Candidate], path: str, message: str
) -> None:
    (tmp_path / "file").touch()
    with (
        Registry.open(tmp_path / path, store=store) as registry,
        pytest.raises(RegistryError, match=message),
    ):
        registry.register("late_arrival", candidate(), actor="ana")


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("mysql://ana@db/registry", "cannot be kept in 'mysql'"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("sqlite:///registry.db?mode=memory", "needs a file"),
        ("postgresql+nodriver://ana@db/registry", "failed"),
        ("postgresql+pg8000://ana@db/registry", "needs the module 'pg8000'"),
        (".", "is a folder"),
    ],
)
def test_a_location_that_cannot_be_used_is_said(location: str, message: str) -> None:
    with pytest.raises(RegistryError, match=message):
        Registry.open(location)


@pytest.mark.parametrize(
    "location",
    [
        "postgresql://ana:canary@127.0.0.1:1/registry",
        "postgres://ana:canary@127.0.0.1:1/registry",
        "postgresql://ana@127.0.0.1:1/registry?password=canary",
        "postgresql://ana@127.0.0.1:1/registry?nosuchoption=1&password=canary",
        "postgresql://ana:canary/with/slashes@127.0.0.1/registry",
        "postgresql://ana:canary@127.0.0.1:port/registry",
        "postgresql://ana:x@canary@127.0.0.1:1:1/registry",
    ],
)
def test_a_password_is_never_shown(location: str) -> None:
    pytest.importorskip("psycopg", reason="the registry in PostgreSQL needs psycopg")
    with pytest.raises(RegistryError) as caught:
        Registry.open(location)
    assert "canary" not in "".join(traceback.format_exception(caught.value)) + str(caught.value.help)


def test_a_url_is_shown_without_its_password() -> None:
    shown = redacted(locate("postgresql://ana:canary@db/registry?password=canary&sslmode=require"))
    assert shown == "postgresql://ana:***@db/registry?sslmode=require"

"""`mlopsc gc`: frees what nothing needs, and says what."""

import json
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mlopsc.garbage import collect_garbage
from mlopsc.runtime.context import Context
from mlopsc.runtime.registry import Registry
from tests.cli.conftest import CommandLine

LATER = datetime.now(UTC) + timedelta(days=31)


def blobs(project: Path) -> set[str]:
    return {path.name for path in (project / ".mlopsc" / "store" / "blobs").glob("??/*")}


def test_a_project_in_use_loses_nothing(trained: Path, cli: CommandLine) -> None:
    before = blobs(trained)
    done = cli("gc")
    assert done.status == 0
    assert "0 B freed in" in done.out
    assert blobs(trained) == before
    assert ", 0 run" not in cli("run").out
    assert cli("run").out.rstrip().endswith("cached")


def test_a_dry_run_says_in_json_what_would_go(trained: Path, cli: CommandLine) -> None:
    (trained / ".mlopsc" / "runs" / "20200101-000000-aaaa").mkdir(parents=True)
    log = trained / ".mlopsc" / "runs" / "20200101-000000-aaaa" / "load.log"
    log.write_text("old words\n")
    os.utime(log, (1e9, 1e9))
    os.utime(log.parent, (1e9, 1e9))
    said = json.loads(cli("gc", "--dry-run", "--json").out)
    assert said["dry_run"] is True
    assert {one["kind"]: one["removed"] for one in said["kinds"]}["logs"] == 1
    assert said["freed"] == len("old words\n")
    assert log.is_file()
    assert json.loads(cli("gc", "--json").out)["freed"] == said["freed"]
    assert not log.parent.exists()


def test_after_a_month_only_what_versions_need_is_left(trained: Path, cli: CommandLine) -> None:
    assert cli("lock").status == 0
    context = Context(trained)
    dry = collect_garbage(context, now=LATER, dry_run=True)
    found = collect_garbage(context, now=LATER)
    assert [one.removed for one in dry if one.kind != "unfinished files"] == [
        one.removed for one in found if one.kind != "unfinished files"
    ]
    assert sum(one.freed for one in found) > 10_000
    with Registry.open(context.registry_location) as registry:
        version = registry.version("lateness", 1)
    assert {digest.removeprefix("sha256:") for digest in version.artifacts.values()} <= blobs(trained)
    locked = json.loads(json.dumps((trained / "mlops.lock").read_text()))
    assert any(name in locked for name in blobs(trained))
    assert cli("doctor").status == 0
    assert cli("registry", "promote", "lateness/1", "--to", "production").status == 0
    again = cli("run")
    assert again.status == 0
    assert "this version is registered already" in again.out


def test_versions_of_a_registry_that_is_not_this_one_are_kept(trained: Path, cli: CommandLine) -> None:
    with Registry.open(trained / ".mlopsc" / "registry.db") as registry:
        needed = registry.version("lateness", 1).artifacts.values()
    (trained / ".mlopsc" / "registry.db").rename(trained / "elsewhere.db")
    shutil.rmtree(trained / ".mlopsc" / "runs", ignore_errors=True)
    collect_garbage(Context(trained), now=LATER)
    assert {digest.removeprefix("sha256:") for digest in needed} <= blobs(trained)


def test_a_registry_that_cannot_be_read_stops_it(
    trained: Path, cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = blobs(trained)
    monkeypatch.setenv("MLOPSC_REGISTRY_URL", "postgresql://ana:canary@127.0.0.1:1/registry")
    done = cli("gc", "--days", "0")
    assert done.status == 3
    assert "127.0.0.1" in done.err
    assert "canary" not in done.err
    assert blobs(trained) == before


def test_days_that_cannot_be_are_a_usage_error(trained: Path, cli: CommandLine) -> None:
    assert cli("gc", "--days", "-1").status == 2
    assert cli("gc", "--days", "x").status == 2


def test_a_store_on_s3_is_collected_and_its_copies_too(
    trained: Path, cli: CommandLine, s3_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MLOPSC_STORE_URL", s3_url)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert cli("run").status == 0
    kinds = json.loads(cli("gc", "--days", "0", "--json").out)["kinds"]
    assert {
        one["kind"]: one["removed"] for one in kinds if one["kind"] in ("artifacts", "records", "copies")
    } == {
        "artifacts": 0,
        "records": 0,
        "copies": 0,
    }
    copies = len(list((tmp_path / "cache").rglob("blobs/??/*")))
    assert copies > 5
    monkeypatch.setattr("mlopsc.runtime.store.copies.time.time", lambda: LATER.timestamp())
    found = {one.kind: one for one in collect_garbage(Context(trained), now=LATER)}
    monkeypatch.undo()
    assert found["records"].removed > 5
    assert found["artifacts"].removed > 0
    assert found["artifacts"].kept
    assert found["copies"].removed == copies

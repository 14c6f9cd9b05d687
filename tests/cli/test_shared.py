"""A store on S3 and a registry that machines share: what one has done is done for all; a dead server harms nothing."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mlopsc.garbage import collect_garbage
from mlopsc.runtime.context import Context
from tests.cli.conftest import CommandLine
from tests.s3 import s3_server


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def registry_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres"))
    return f"sqlite:///{tmp_path}/shared/registry.db"


@pytest.fixture
def machine(project: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Go to a project folder and a home of their own, as on another machine."""

    def at(name: str) -> Path:
        folder = project / "machines" / name
        if not folder.exists():
            folder.mkdir(parents=True)
            for file in ("mlops.yaml", "rows.csv"):
                shutil.copy(project / file, folder / file)
        monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        monkeypatch.chdir(folder)
        return folder

    return at


def steps(cli: CommandLine, *options: str) -> dict[str, str]:
    done = cli("run", "--json", *options)
    return {step["name"]: step["status"] for step in json.loads(done.out)["steps"]}


def test_what_one_machine_did_is_done_for_the_other(
    machine: Callable[[str], Path],
    cli: CommandLine,
    s3_url: str,
    registry_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLOPSC_STORE_URL", s3_url)
    monkeypatch.setenv("MLOPSC_REGISTRY_URL", registry_url)
    laptop = machine("laptop")
    assert set(steps(cli).values()) == {"run"}
    other = machine("other")
    assert set(steps(cli).values()) == {"cached"}
    assert json.loads(cli("registry", "list", "--json").out)["models"]["lateness"]["versions"] == 1
    assert cli("registry", "promote", "lateness/1", "--to", "production").status == 0
    assert cli("doctor").status == 0
    assert {one.removed for one in collect_garbage(Context(other), days=1)} == {0}
    machine("laptop")
    shown = json.loads(cli("registry", "show", "lateness@production", "--json").out)
    assert shown["number"] == 1
    history = json.loads(cli("registry", "history", "--json").out)["entries"]
    assert [entry["action"] for entry in history] == ["register", "promote", "promote"]
    assert not (laptop / ".mlopsc" / "store").exists()
    assert not (other / ".mlopsc" / "registry.db").exists()


def test_a_store_that_dies_in_the_middle_fails_the_run_and_the_next_one_succeeds(
    machine: Callable[[str], Path], cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlopsc.runtime import tasks

    machine("laptop")
    monkeypatch.setenv("MLOPSC_STORE_URL", "s3://bucket/store")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with s3_server() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        server.make_bucket("bucket")
        commit, left = tasks.ActionCache.save, [3]

        def dying(cache: object, record: object) -> None:
            left[0] -= 1
            if not left[0]:
                server.kill()
            commit(cache, record)  # type: ignore[arg-type]

        with monkeypatch.context() as patched:
            patched.setattr(tasks.ActionCache, "save", dying)
            broken = cli("run")
    assert broken.status in (3, 4)
    assert "s3://bucket/store" in broken.out + broken.err
    assert "see that the server is up" in broken.out + broken.err
    assert "canary-secret" not in broken.out + broken.err
    assert "Traceback" not in broken.err
    with s3_server() as again:  # empty, as after a disaster: nothing of what it had is taken for granted
        for name, value in again.environment.items():
            monkeypatch.setenv(name, value)
        again.make_bucket("bucket")
        assert set(steps(cli).values()) == {"run"}
        assert cli("doctor").status == 0

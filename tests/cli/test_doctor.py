"""`mlopsc doctor`: finds what is wrong with a project, and mends what can be mended."""

import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mlopsc.runtime.context import Context
from mlopsc.runtime.journal import Journal
from mlopsc.runtime.registry import Registry
from mlopsc.runtime.store import blob_name
from tests.cli.conftest import CommandLine


def findings(cli: CommandLine, *options: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(cli("doctor", "--json", *options).out)["findings"]
    return found


def model_blob(project: Path) -> Path:
    with Registry.open(project / ".mlopsc" / "registry.db") as registry:
        return project / ".mlopsc" / "store" / blob_name(registry.version("lateness", 1).digest)


def swap(blob: Path) -> None:
    blob.chmod(0o644)
    blob.write_bytes(b"swapped")


def test_a_sound_project_has_nothing_to_mend(trained: Path, cli: CommandLine) -> None:
    found = findings(cli)
    assert {one["subject"] for one in found} == {"environment", "store", "journal", "registry", "lock"}
    assert {one["status"] for one in found} <= {"ok", "note"}
    assert all(one["fix"] is None for one in found)
    assert any("every library within its bounds" in one["message"] for one in found)


def test_a_damaged_artifact_is_removed_and_made_again(trained: Path, cli: CommandLine) -> None:
    blob = model_blob(trained)
    whole = blob.read_bytes()
    swap(blob)
    offered = [one for one in findings(cli) if one["fix"]]
    assert [one["subject"] for one in offered] == ["store"]
    assert blob.read_bytes() == b"swapped"
    fixed = cli("doctor", "--fix")
    assert "removed with" in fixed.out
    assert not blob.exists()
    assert cli("run").status == 0
    assert blob.read_bytes() == whole
    assert cli("doctor").status == 0


def test_a_record_that_is_damaged_or_dangling_is_removed(trained: Path, cli: CommandLine) -> None:
    records = sorted((trained / ".mlopsc" / "store" / "actions").glob("??/*.json"))
    records[0].write_bytes(b"{")
    record = json.loads(records[1].read_bytes())
    name = "sha256:" + "0" * 64
    records[1].write_text(json.dumps(record | {"outputs": {"data": name}}))
    assert len([one for one in findings(cli) if one["fix"]]) == 2
    assert cli("doctor", "--fix").status == 0
    assert not records[0].exists()
    assert not records[1].exists()
    assert cli("run").status == 0
    assert cli("doctor").status == 0


def test_a_pin_that_cannot_be_read_is_written_anew(trained: Path, cli: CommandLine) -> None:
    (pin,) = (trained / ".mlopsc" / "store" / "pins").glob("??/*.json")
    before = pin.read_bytes()
    pin.write_bytes(b"{")
    assert cli("gc").status == 3
    (other := pin.with_name("0" * 64 + ".json")).write_bytes(b"{")
    assert cli("doctor", "--fix").status == 0
    assert pin.read_bytes() == before
    assert not other.exists()
    assert cli("gc").status == 0


def test_a_run_whose_process_is_gone_is_marked(trained: Path, cli: CommandLine) -> None:
    code = (
        "import os; from pathlib import Path; from mlopsc.runtime.journal import Journal\n"
        "Journal.of_project(Path('.')).start_run('train', spec='mlops.yaml'); os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    assert [one["fix"] for one in findings(cli) if one["subject"] == "journal"] == [
        "mark it as crashed, and remove what it was working on"
    ]
    assert cli("doctor", "--fix").status == 0
    with Journal.of_project(trained) as journal:
        assert journal.runs(1)[0].status == "crashed"
    assert cli("doctor").status == 0


def test_lost_artifacts_of_a_version_come_back_from_the_copies(
    trained: Path, cli: CommandLine, s3_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MLOPSC_STORE_URL", s3_url)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert cli("run").status == 0
    store = Context(trained).store()
    shutil.rmtree(trained / ".mlopsc" / "store")
    with Registry.open(trained / ".mlopsc" / "registry.db") as registry:
        digest = registry.version("lateness", 1).digest
    store.files.remove(blob_name(digest))
    registered = next(one for one in findings(cli) if one["subject"] == "registry")
    assert registered["message"] == "lateness/1 has lost artifacts: model"
    assert str(registered["fix"]).startswith("restore them from")
    assert cli("doctor", "--fix").status == 0
    assert store.verify(digest)
    assert any("answers in" in one["message"] for one in findings(cli) if one["subject"] == "store")


def test_a_store_and_a_registry_that_do_not_answer_are_faults(
    trained: Path, cli: CommandLine, s3_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLOPSC_STORE_URL", "s3://no-such-bucket/store")
    monkeypatch.setenv("MLOPSC_REGISTRY_URL", "postgresql://ana:canary@127.0.0.1:1/registry")
    done = cli("doctor", "--json")
    assert done.status == 3
    assert "canary" not in done.out
    faults = {
        one["subject"]: one["message"] for one in json.loads(done.out)["findings"] if one["status"] == "fault"
    }
    assert "is not there: no such bucket" in faults["store"]
    assert set(faults) == {"store", "registry"}


def test_a_library_out_of_its_bounds_is_a_fault(
    trained: Path, cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlopsc.doctor import environment

    monkeypatch.setattr(environment, "_version", lambda name: {"pandas": "2.9", "mlopsc": "1"}.get(name))
    faults = {one["message"].split(" ")[0] for one in findings(cli) if one["status"] == "fault"}
    assert {"pandas", "duckdb"} <= faults
    told = next(one for one in findings(cli) if one["message"].startswith("pandas"))
    assert told["message"] == "pandas 2.9 is installed, expected <3.2,>=3.0"
    assert told["help"] == 'pip install "pandas<3.2,>=3.0"'


@pytest.mark.parametrize("answer", ["y", "n"])
def test_on_a_terminal_it_asks(trained: Path, answer: str) -> None:
    blob = model_blob(trained)
    swap(blob)
    child, terminal = pty.fork()
    if not child:
        os.execv(sys.executable, [sys.executable, "-c", "from mlopsc.cli import main; main()", "doctor"])
    said = b""
    while select.select([terminal], [], [], 120)[0]:
        try:
            said += os.read(terminal, 4096)
        except OSError:
            break
        if b"[y/N]" in said and answer:
            os.write(terminal, f"{answer}\n".encode())
            answer = ""
    _, status = os.waitpid(child, 0)
    assert b"restore it from a copy, or remove it" in said
    assert blob.exists() == (b"removed with" not in said)
    assert os.waitstatus_to_exitcode(status) == 3  # its version still lacks it
    assert signal.getsignal(signal.SIGTERM) is not None

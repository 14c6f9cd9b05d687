"""Files that DVC tracks: its own repositories, checked, offered and pulled."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.sources.files import located
from mlopsc.runtime.sources.handles import no_secrets
from mlopsc.runtime.sources.opening import fingerprint_source, source_version
from mlopsc.vocabulary.sources import CsvSource
from mlopsc.vocabulary.sources.tracking import Dvc
from tests.peers import ROOT, VARIABLE
from tests.runtime.sources.test_history import git

OF_DVC_3 = """\
outs:
- md5: e5ebd4c02cefbe7955977c67ada242b7
  size: 8
  hash: md5
  path: x.csv
"""
OF_DVC_2 = OF_DVC_3.replace("  hash: md5\n", "")
LOCK = """\
schema: '2.0'
stages:
  make:
    cmd: make
    outs:
    - path: x.csv
      hash: md5
      md5: e5ebd4c02cefbe7955977c67ada242b7
"""


def fingerprint(project: Path, path: str, dvc: Dvc | None = None) -> str | None:
    return fingerprint_source(CsvSource(path=path, dvc=dvc or Dvc()), project=project, secrets=no_secrets)


def version(project: Path, path: str) -> str:
    return str(source_version(CsvSource(path=path), project=project, secrets=no_secrets))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".dvc").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.csv").write_bytes(b"a,b\n1,2\n")
    return tmp_path


@pytest.mark.parametrize(
    "files",
    [
        {"data/x.csv.dvc": OF_DVC_3},
        {"data/x.csv.dvc": OF_DVC_2},
        {"data/dvc.lock": LOCK},
        {"dvc.lock": LOCK, "dvc.yaml": "stages: {make: {wdir: data}}"},
        {"all.dvc": OF_DVC_3.replace("x.csv", "data/x.csv")},
        {"all.dvc": f"wdir: other/../data\n{OF_DVC_3}"},
    ],
    ids=[
        "beside it",
        "of DVC 2",
        "an output",
        "an output of another folder",
        "above it",
        "with a folder of its own",
    ],
)
def test_a_file_must_be_what_is_tracked(files: dict[str, str], project: Path) -> None:
    for name, text in files.items():
        (project / name).write_text(text)
    assert fingerprint(project, "data/x.csv")
    assert version(project, "data/x.csv") == "DVC md5 e5ebd4c02cefbe7955977c67ada242b7"
    (project / "data" / "x.csv").write_bytes(b"a,b\n1,3\n")
    with pytest.raises(
        MlopscError, match=r"data/x\.csv is not what \S+ tracks: its md5 is \w{32}, tracked is e5eb"
    ):
        fingerprint(project, "data/x.csv")
    assert fingerprint(project, "data/x.csv", Dvc(check=False))


def test_line_breaks_did_not_count_for_dvc_2(project: Path) -> None:
    (project / "data" / "x.csv").write_bytes(b"a,b\r\n1,2\r\n")
    (project / "data" / "x.csv.dvc").write_text(OF_DVC_2)
    assert fingerprint(project, "data/x.csv")
    (project / "data" / "x.csv.dvc").write_text(OF_DVC_3)
    with pytest.raises(MlopscError, match="is not what"):
        fingerprint(project, "data/x.csv")


def test_a_missing_file_is_offered(project: Path) -> None:
    (project / "data" / "x.csv.dvc").write_text(OF_DVC_3)
    (project / "data" / "x.csv").unlink()
    with pytest.raises(
        MlopscError, match=r"no such file: 'data/x\.csv'; DVC tracks it by data/x\.csv\.dvc"
    ) as caught:
        fingerprint(project, "data/x.csv")
    assert str(caught.value.help).startswith("`dvc pull data/x.csv` in the repository's folder")


def test_a_tracking_file_in_conflict_is_told(project: Path) -> None:
    (project / "data" / "x.csv.dvc").write_text("<<<<<<< HEAD\nouts: [\n")
    with pytest.raises(MlopscError, match=r"data/x\.csv\.dvc cannot be read"):
        fingerprint(project, "data/x.csv")


def test_what_dvc_does_not_know_passes(project: Path) -> None:
    (project / "data" / "y.csv.dvc").write_text(OF_DVC_3.replace("x.csv", "y.csv"))
    assert fingerprint(project, "data/x.csv")
    assert version(project, "data/x.csv") == "None"


DVC = shutil.which("dvc") or str(ROOT / os.environ.get(VARIABLE, ".venv-peers") / "dvc/bin/dvc")


@pytest.mark.peers
@pytest.mark.skipif(not Path(DVC).is_file(), reason="needs DVC: make bench-peers, or pipx install dvc")
class TestWithDvc:
    """Against the real command line, with a remote that is a folder."""

    @pytest.fixture(autouse=True)
    def surroundings(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", f"{Path(DVC).parent}:{os.environ['PATH']}")
        monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
        monkeypatch.setenv("DVC_GLOBAL_CONFIG_DIR", str(tmp_path / "none"))

    def dvc(self, folder: Path, *arguments: str) -> None:
        done = subprocess.run(
            [DVC, *arguments, "-q"], cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    @pytest.fixture
    def repository(self, tmp_path: Path) -> Path:
        root = tmp_path / "repository"
        (root / "data" / "parts" / "deep").mkdir(parents=True)
        git(root, "init", "-q", "-b", "main")
        git(root, "config", "user.email", "a@example.com")
        git(root, "config", "user.name", "A")
        self.dvc(root, "init")
        self.dvc(root, "remote", "add", "-d", "here", str(tmp_path / "remote"))
        (root / "data" / "x.csv").write_text("a\n1\n")
        for name in ("1.csv", "2.csv", "deep/é.csv"):
            (root / "data" / "parts" / name).write_text(f"a\n{name}\n")
        self.dvc(root, "add", "data/x.csv", "data/parts")
        self.dvc(root, "push")
        git(root, "add", "-A")
        git(root, "commit", "-qm", "one")
        git(root, "tag", "v1")
        (root / "data" / "x.csv").write_text("a\n2\n")
        (root / "data" / "parts" / "2.csv").unlink()
        self.dvc(root, "add", "data/x.csv", "data/parts")
        git(root, "commit", "-qam", "two")
        return root

    def read(self, root: Path, path: str, *, pull: bool = False, revision: str | None = None) -> list[str]:
        source = CsvSource(path=path, revision=revision, dvc=Dvc(pull=pull))
        with located(source, root, no_secrets) as files:
            return [file.path.read_text() for file in files]

    @pytest.mark.parametrize("with_cache", [True, False])
    def test_folders_are_checked_with_dvcs_list_or_without(self, repository: Path, with_cache: bool) -> None:
        if not with_cache:
            shutil.rmtree(repository / ".dvc" / "cache")
        assert fingerprint(repository, "data/parts/**/*.csv")
        assert version(repository, "data/parts/**/*.csv").startswith("DVC md5 ")
        (repository / "data" / "parts" / "deep" / "é.csv").write_text("a\nother\n")
        with pytest.raises(MlopscError, match=r"is not what data/parts\.dvc tracks"):
            fingerprint(repository, "data/parts/**/*.csv")

    def test_a_missing_file_is_pulled_where_that_is_asked_for(self, repository: Path) -> None:
        (repository / "data" / "x.csv").unlink()
        with pytest.raises(MlopscError, match="no such file"):
            self.read(repository, "data/x.csv")
        assert self.read(repository, "data/x.csv", pull=True) == ["a\n2\n"]
        shutil.rmtree(repository / "data" / "parts")
        assert len(self.read(repository, "data/parts/*.csv", pull=True)) == 1

    def test_a_pull_that_fails_says_what_dvc_says(self, repository: Path) -> None:
        (repository / "data" / "x.csv").unlink()
        shutil.rmtree(repository / ".dvc" / "cache")  # the second version was never pushed
        with pytest.raises(MlopscError, match=r"`dvc pull data/x\.csv` failed: "):
            self.read(repository, "data/x.csv", pull=True)

    def test_a_revision_reads_what_dvc_tracked_then(self, repository: Path) -> None:
        assert self.read(repository, "data/x.csv", revision="v1") == ["a\n1\n"]
        assert self.read(repository, "data/x.csv", revision="main") == ["a\n2\n"]
        assert len(self.read(repository, "data/parts/*.csv", revision="v1")) == 2
        assert len(self.read(repository, "data/parts/**/*.csv", revision="main")) == 2

    def test_a_revision_that_the_cache_lacks_is_fetched_where_that_is_asked_for(
        self, repository: Path
    ) -> None:
        shutil.rmtree(repository / ".dvc" / "cache")
        with pytest.raises(MlopscError, match="its cache here does not hold it") as caught:
            self.read(repository, "data/x.csv", revision="v1")
        assert "dvc get . data/x.csv --rev v1" in str(caught.value.help)
        assert self.read(repository, "data/x.csv", revision="v1", pull=True) == ["a\n1\n"]
        assert len(self.read(repository, "data/parts/*.csv", revision="v1", pull=True)) == 2

"""Files at a Git revision, read from a real repository."""

import subprocess
from pathlib import Path

import pytest

from mlopsc.diagnostics.errors import MlopscError, UnknownRevision
from mlopsc.runtime.sources.files import located
from mlopsc.runtime.sources.handles import no_secrets
from mlopsc.runtime.sources.history import commit_of
from mlopsc.runtime.sources.opening import fingerprint_source, source_version
from mlopsc.vocabulary.sources import CsvSource


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project in a folder of a repository, whose files have changed since the tag v1."""
    project = tmp_path / "models"
    (project / "data" / "deep").mkdir(parents=True)
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "config", "user.email", "a@example.com")
    git(tmp_path, "config", "user.name", "A")
    for name, text in {
        "a.csv": "x\r\n1\r\n",
        "b.csv": "x\n2\n",
        "deep/ä.csv": "x\n3\n",
        ".hidden.csv": "x\n",
    }.items():
        (project / "data" / name).write_bytes(text.encode())
    (project / "data" / "link.csv").symlink_to("a.csv")
    (project / "data" / "big.csv").write_text(
        "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n"
    )
    (tmp_path / "above.csv").write_text("x\n9\n")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "one")
    git(tmp_path, "tag", "v1")
    (project / "data" / "a.csv").write_text("x\nchanged\n")
    (project / "data" / "b.csv").unlink()
    git(tmp_path, "commit", "-qam", "two")
    return project


def contents(project: Path, path: str, revision: str) -> list[tuple[str, bytes]]:
    source = CsvSource(path=path, revision=revision)
    with located(source, project, no_secrets) as files:
        return [(file.label, file.path.read_bytes()) for file in files]


def test_a_file_is_read_as_it_was_to_the_byte(project: Path) -> None:
    assert contents(project, "data/a.csv", "v1") == [("data/a.csv at v1", b"x\r\n1\r\n")]
    assert contents(project, "data/b.csv", "HEAD~1") == [("data/b.csv at HEAD~1", b"x\n2\n")]
    assert contents(project, "../above.csv", "v1") == [("../above.csv at v1", b"x\n9\n")]
    assert contents(project, "data/a.csv", "main") == [("data/a.csv at main", b"x\nchanged\n")]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("data/[ab].csv", ["a.csv", "b.csv"]),
        ("data/?.csv", ["a.csv", "b.csv"]),
        ("data/[!a].csv", ["b.csv"]),
        ("data/**/ä.csv", ["deep/ä.csv"]),
        ("data/deep/*", ["deep/ä.csv"]),
    ],
)
def test_globs_find_what_they_would_have_found_then(pattern: str, names: list[str], project: Path) -> None:
    assert [label for label, _ in contents(project, pattern, "v1")] == [
        f"data/{name} at v1" for name in names
    ]


def test_the_fingerprint_is_of_the_content_and_the_version_is_the_commit(project: Path) -> None:
    then, now = (CsvSource(path="data/deep/ä.csv", revision=name) for name in ("v1", "main"))
    prints = [fingerprint_source(one, project=project, secrets=no_secrets) for one in (then, now)]
    assert prints[0] == prints[1]
    version = source_version(then, project=project, secrets=no_secrets)
    assert str(version) == f"Git commit {git(project, 'rev-parse', 'v1')}"


@pytest.mark.parametrize(
    ("path", "revision", "message"),
    [
        ("data/gone.csv", "v1", "no file matches 'data/gone.csv' at the revision 'v1'"),
        ("data/*.json", "v1", "no file matches 'data/\\*.json'"),
        ("data/b.csv", "main", "no file matches 'data/b.csv' at the revision 'main'"),
        ("data/link.csv", "v1", "data/link.csv at v1 is a link"),
        ("data/big.csv", "v1", "kept by Git LFS"),
        ("../../etc.csv", "v1", "leads out of the repository"),
        ("data/a.csv", "v2", "knows no revision 'v2'"),
        ("data/a.csv", "v1:data", "knows no revision 'v1:data'"),
    ],
)
def test_what_is_not_there_is_told(path: str, revision: str, message: str, project: Path) -> None:
    with pytest.raises(MlopscError, match=message):
        contents(project, path, revision)


def test_without_a_repository_nothing_is_certain(tmp_path: Path) -> None:
    with pytest.raises(UnknownRevision, match="needs a Git repository") as caught:
        commit_of(tmp_path, "v1")
    assert not caught.value.certain


@pytest.mark.parametrize("revision", ["--output=x", "a..b", "a b", "", "a\n"])
def test_what_cannot_be_a_revision_never_reaches_git(revision: str) -> None:
    with pytest.raises(ValueError, match="is no Git revision"):
        CsvSource(path="a.csv", revision=revision)

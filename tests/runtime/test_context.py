"""Where a step finds registry, store and secrets."""

from pathlib import Path

import pytest

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.context import Context, read_secret, within
from mlopsc.vocabulary.secrets import SecretSource


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """The process stands in another folder than the project, without overrides."""
    for name in ("MLOPSC_REGISTRY_URL", "MLOPSC_STORE_URL"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("shared/registry.db", "/p/shared/registry.db"),
        ("/data/registry.db", "/data/registry.db"),
        ("sqlite:///registry.db", "sqlite:////p/registry.db"),
        ("sqlite:////data/registry.db", "sqlite:////data/registry.db"),
        ("sqlite+pysqlite:///registry.db", "sqlite+pysqlite:////p/registry.db"),
        ("file:///data/store", "file:///data/store"),
        ("postgresql://ops@db/registry", "postgresql://ops@db/registry"),
        ("s3://bucket/store", "s3://bucket/store"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
    ],
)
def test_relative_paths_are_the_projects(written, meant):
    assert within(Path("/p"), written) == meant


def test_by_default_both_are_in_the_project():
    context = Context(project=Path("/p"))
    assert context.registry_location == "/p/.mlopsc/registry.db"
    assert context.store_location == "/p/.mlopsc/store"


def test_the_environment_says_where_unless_the_spec_does(monkeypatch):
    monkeypatch.setenv("MLOPSC_REGISTRY_URL", "other/registry.db")
    monkeypatch.setenv("MLOPSC_STORE_URL", "s3://bucket/store")
    context = Context(project=Path("/p"))
    assert (context.registry_location, context.store_location) == (
        "/p/other/registry.db",
        "s3://bucket/store",
    )
    told = Context(project=Path("/p"), registry_url="sqlite:///mine.db", store_url="mine")
    assert (told.registry_location, told.store_location) == ("sqlite:////p/mine.db", "/p/mine")


def test_a_store_of_the_project_is_opened_wherever_the_process_stands(tmp_path):
    digest = Context(project=tmp_path, store_url="kept/store").store().put_bytes(b"x")
    assert (tmp_path / "kept" / "store" / "blobs" / digest[7:9] / digest[7:]).read_bytes() == b"x"


def test_a_secret_comes_from_a_variable_or_a_file_of_the_project(tmp_path, monkeypatch):
    monkeypatch.setenv("TOKEN", "one")
    (tmp_path / "token").write_text("two\r\n")
    sources = {"a": SecretSource(env="TOKEN"), "b": SecretSource(file="token")}
    assert (read_secret("a", sources, tmp_path), read_secret("b", sources, tmp_path)) == ("one", "two")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a", "secret 'a' has no value: environment variable NOT_SET is not set"),
        ("b", "secret 'b' has no value: file absent cannot be read: No such file or directory"),
        ("c", "secret 'c' has no value: file binary cannot be read: it is not UTF-8 text"),
        ("d", "secret 'd' is not declared; declared: a, b, c"),
    ],
)
def test_a_secret_without_a_value_is_named_with_its_place(tmp_path, name, words):
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    sources = {
        "a": SecretSource(env="NOT_SET"),
        "b": SecretSource(file="absent"),
        "c": SecretSource(file="binary"),
    }
    with pytest.raises(MlopscError) as error:
        read_secret(name, sources, tmp_path)
    assert str(error.value) == words
    assert error.value.__cause__ is None

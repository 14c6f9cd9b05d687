"""Where MLflow is said to be, and what of it is never said."""

import pytest

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.tracking.location import destination, secrets_of, tracking_url
from mlopsc.vocabulary.secrets import SecretSource
from mlopsc.vocabulary.sources import SecretHandle


@pytest.fixture(autouse=True)
def _nothing_said(monkeypatch):
    monkeypatch.delenv("MLOPSC_TRACKING_URL", raising=False)


def test_the_spec_wins_then_the_environment_then_a_file_of_the_project(tmp_path, monkeypatch):
    own = f"sqlite:///{tmp_path}/.mlopsc/mlflow.db"
    assert tracking_url(None, {}, tmp_path) == own
    monkeypatch.setenv("MLOPSC_TRACKING_URL", "http://mlflow:5000")
    assert tracking_url(None, {}, tmp_path) == "http://mlflow:5000"
    assert tracking_url("local", {}, tmp_path) == own
    assert tracking_url("https://other", {}, tmp_path) == "https://other"
    assert tracking_url("sqlite:///runs/mlflow.db", {}, tmp_path) == f"sqlite:///{tmp_path}/runs/mlflow.db"


def test_a_secret_url_is_read_and_never_said(tmp_path, monkeypatch):
    sources = {"mlflow": SecretSource(env="MLFLOW_URL")}
    monkeypatch.setenv("MLFLOW_URL", "https://ann:canary-1@mlflow.example.com/x?token=canary-2")
    url = tracking_url(SecretHandle(secret="mlflow"), sources, tmp_path)
    assert destination(url) == "https://mlflow.example.com/x"
    assert secrets_of(url) == ["canary-1", "token=canary-2"]
    monkeypatch.setenv("MLFLOW_URL", "ftp://canary-3@mlflow.example.com")
    with pytest.raises(MlopscError, match="cannot be tracked in 'ftp'") as refused:
        tracking_url(SecretHandle(secret="mlflow"), sources, tmp_path)
    assert "canary" not in f"{refused.value}{refused.value.help}"


def test_a_secret_without_a_value_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_URL", raising=False)
    with pytest.raises(MlopscError, match="MLFLOW_URL is not set"):
        tracking_url(SecretHandle(secret="mlflow"), {"mlflow": SecretSource(env="MLFLOW_URL")}, tmp_path)

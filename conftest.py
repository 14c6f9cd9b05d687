"""Real servers for the whole session, whichever tests need them: Prefect's, MLflow's, an S3 store, PostgreSQL."""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.mlflow_server import QUIET, MlflowServer
from tests.s3 import S3Server, s3_server

# A busy machine makes any example slow: time is no property of what is tested.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
POSTGRES_VARIABLE = "MLOPSC_TEST_POSTGRES_URL"


@pytest.fixture(scope="session")
def prefect_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a real server's clients."""
    if importlib.util.find_spec("prefect") is None:
        pytest.skip("pip install 'mlopsc[prefect]'")
    home = tmp_path_factory.mktemp("prefect")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    quiet = {"PREFECT_HOME": str(home), "DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    environment = {**os.environ, **quiet}
    environment.pop("PREFECT_API_URL", None)
    arguments = ["server", "start", "--no-ui", "--host", "127.0.0.1", "--port", str(port)]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", *arguments],
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    api = f"http://127.0.0.1:{port}/api"
    try:
        for _ in range(1200):
            assert process.poll() is None, (home / "log").read_text()
            try:
                with urllib.request.urlopen(f"{api}/health"):
                    break
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        yield {**quiet, "PREFECT_API_URL": api}
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="session")
def mlflow_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    """A real MLflow server, which a test that takes it down brings up again."""
    if importlib.util.find_spec("mlflow") is None or importlib.util.find_spec("alembic") is None:
        pytest.skip("pip install mlflow")
    server = MlflowServer(tmp_path_factory.mktemp("mlflow"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def mlflow_server(mlflow_session: MlflowServer, monkeypatch: pytest.MonkeyPatch) -> MlflowServer:
    """The server, up, with an environment in which nothing else is said of MLflow."""
    for name in [name for name in os.environ if name.startswith("MLFLOW_")]:
        monkeypatch.delenv(name)
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)
    if mlflow_session.process is None:
        mlflow_session.start()
    return mlflow_session


@pytest.fixture(scope="session")
def s3_session() -> Iterator[S3Server]:
    """A real S3 server."""
    if importlib.util.find_spec("s3fs") is None or importlib.util.find_spec("moto") is None:
        pytest.skip("pip install 'mlopsc[s3]' 'moto[s3,server]'")
    with s3_server() as server:
        yield server


@pytest.fixture
def s3_url(s3_session: S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty folder in a bucket of its own, with what reaches it in the environment."""
    for name, value in s3_session.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    bucket = f"bucket-{uuid.uuid4().hex[:12]}"
    s3_session.make_bucket(bucket)
    return f"s3://{bucket}/project/store"


@pytest.fixture
def postgres() -> Iterator[str]:
    """The URL of an empty schema of its own, dropped afterwards."""
    import sqlalchemy

    server = os.environ.get(POSTGRES_VARIABLE)
    if not server:
        pytest.skip(f"{POSTGRES_VARIABLE} is not set: the registry in PostgreSQL stays untested")
    name = f"mlopsc_test_{uuid.uuid4().hex}"
    url = sqlalchemy.make_url(server)
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.schema.CreateSchema(name))
    own = url.update_query_dict({"options": f"-csearch_path={name}"})
    yield own.render_as_string(hide_password=False)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.schema.DropSchema(name, cascade=True))
    engine.dispose()

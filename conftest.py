"""One real Prefect server for the whole session, whichever tests need it."""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest


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

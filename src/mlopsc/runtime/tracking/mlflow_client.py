"""MLflow's client, for one server: imported late, with patience that is short, and silent about addresses."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.redaction import redact
from mlopsc.runtime.tracking.location import database, destination, secrets_of

if TYPE_CHECKING:
    from mlflow import MlflowClient

_SETTINGS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}
"""Taken where the environment says nothing else: a server that is down is not worth minutes of waiting."""


_REFUSED = (400, 404, 409)
"""Statuses that say something of what was sent, and nothing of the server."""


class TrackingFailed(MlopscError):
    """MLflow could not be told. `down`: it could not be reached, so that nothing else can be told either."""

    def __init__(self, message: str, *, down: bool, help: str | None = None) -> None:
        super().__init__(message, help=help)
        self.down = down


def open_client(url: str) -> "MlflowClient":
    """Return a client; raises MlopscError when MLflow is not installed."""
    own = database(url)
    if find_spec("mlflow") is None:
        raise MlopscError(
            "tracking needs MLflow, which is not installed", help="pip install 'mlopsc[mlflow]'"
        )
    if own is not None and find_spec("alembic") is None:
        raise MlopscError(
            f"MLflow keeps no data in a file where only its client is installed: {own}",
            help="pip install mlflow, or name the URL of a server",
        )
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of MLflow's modules about each other
        import mlflow
        import mlflow.pyfunc
        from mlflow import MlflowClient

    assert mlflow.pyfunc
    if own is not None:
        own.parent.mkdir(parents=True, exist_ok=True)
        mlflow.set_tracking_uri(url)  # its registry asks for models there, whatever the client was told
    return MlflowClient(url, url)


@contextmanager
def told(url: str) -> Iterator[None]:
    """Turn what MLflow raises into TrackingFailed, without what is secret in the URL."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlopscError:
        raise
    except (MlflowException, OSError) as error:
        raise _failure(url, error) from None


def _failure(url: str, error: Exception) -> TrackingFailed:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    status = getattr(error, "get_http_status_code", lambda: 500)()
    return TrackingFailed(
        f"{destination(url)}: {redact(lines[0], secrets_of(url))}", down=status not in _REFUSED
    )


def artifacts_beside(own: Path) -> str:
    """Return where MLflow keeps the files of runs when its data are in a file: a folder beside it."""
    return (own.parent / f"{own.stem}-artifacts").as_uri()

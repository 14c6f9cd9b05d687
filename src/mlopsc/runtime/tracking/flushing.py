"""Sends what waits, oldest first: one sender a project and machine, and what cannot be sent goes on waiting."""

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlopsc.runtime.atomic import make_folder
from mlopsc.runtime.context import STATE_FOLDER, Context
from mlopsc.runtime.tracking.location import destination, tracking_url
from mlopsc.runtime.tracking.queue import Waiting, sent, settle, waiting
from mlopsc.vocabulary.secrets import SecretSource
from mlopsc.vocabulary.sources import SecretHandle

if TYPE_CHECKING:
    from mlflow import MlflowClient


@dataclass(frozen=True)
class Flushed:
    """What became of the events that waited."""

    destination: str
    sent: tuple[Waiting, ...]
    left: tuple[Waiting, ...]
    problems: tuple[str, ...]
    """Why some are left."""


def flush(
    context: Context,
    project: str,
    told: str | SecretHandle | None,
    secrets: Mapping[str, SecretSource],
) -> Flushed:
    """Send a project's waiting events; a server that cannot be reached is no error.

    Raises MlopscError when MLflow is not installed or a secret has no value, StoreError when the store cannot be read.
    """
    from mlopsc.runtime.tracking.mlflow_client import TrackingFailed, open_client
    from mlopsc.runtime.tracking.mlflow_client import told as telling

    url = tracking_url(told, secrets, context.project)
    place, store = destination(url), context.store()
    gone: list[Waiting] = []
    problems: list[str] = []
    with _alone(context):
        events = waiting(store, project)
        client = open_client(url) if events else None
        for one in events:
            if client is None:
                break
            try:
                became = sent(store, one.id, place)
                if became is None:
                    untold = frozenset(
                        other.event["model"]["digest"]
                        for other in events
                        if other not in gone and not other.of_registry
                    )
                    with telling(url):
                        became = _tell(client, url, context, one, untold)
                settle(store, one, place, became)
                gone.append(one)
            except TrackingFailed as error:
                problems.append(str(error))
                if error.down:
                    break
    left = tuple(one for one in events if one not in gone)
    return Flushed(place, tuple(gone), left, tuple(problems))


def _tell(
    client: "MlflowClient", url: str, context: Context, one: Waiting, untold: frozenset[str]
) -> dict[str, Any]:
    if one.of_registry:
        from mlopsc.runtime.tracking.mirror import tell_registry

        with context.registry() as registry:
            return tell_registry(client, registry, one.event, untold)
    from mlopsc.runtime.tracking.sending import send

    return send(client, url, context.store(), one)


@contextmanager
def _alone(context: Context) -> Iterator[None]:
    """Shut out other senders of this project on this machine, until this one is done or dies."""
    folder = context.project / STATE_FOLDER
    make_folder(folder)
    with (folder / "tracking.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield

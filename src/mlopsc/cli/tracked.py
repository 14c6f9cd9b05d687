"""Where a project's runs are tracked, for commands that tell MLflow something themselves."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mlopsc import running
from mlopsc.cli import output
from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.context import Context
from mlopsc.runtime.redaction import redacting
from mlopsc.runtime.tracking.flushing import Flushed, flush
from mlopsc.runtime.tracking.location import tracking_url
from mlopsc.runtime.tracking.mirror import announce
from mlopsc.vocabulary.secrets import SecretSource
from mlopsc.vocabulary.sources import SecretHandle
from mlopsc.vocabulary.tracking import Tracking


@dataclass(frozen=True)
class Tracked:
    """A project whose runs are tracked, and what its spec says of that."""

    context: Context
    project: str
    tracking: Tracking
    secrets: dict[str, SecretSource]

    def send(self) -> Flushed:
        """Send what waits (see `flush`); no URL that is a secret is written anywhere."""
        server = self.tracking.mlflow
        secret = (
            [tracking_url(server, self.secrets, self.context.project)]
            if isinstance(server, SecretHandle)
            else []
        )
        with redacting(secret):
            return flush(self.context, self.project, server, self.secrets)


def tracked(path: Path, environment: str | None, variables: dict[str, str]) -> Tracked | None:
    """Return what the spec at a path says of tracking, None where it, or the spec, is not there."""
    found = running.project_spec(path, environment=environment, variables=variables)
    if found is None or found.infrastructure.tracking is None or found.project is None:
        return None
    return Tracked(
        running.project_context(path, environment=environment, variables=variables),
        found.project.name,
        found.infrastructure.tracking,
        {name: source for name, source in found.secrets.items() if source is not None},
    )


@contextmanager
def telling(place: Tracked | None, model: str, cause: str) -> Iterator[None]:
    """Have what is done to a model in the registry told to MLflow; it waits from before it is done until it is told.

    What is done fails or succeeds by itself: that MLflow could not be told is a warning.
    """
    if place is None:
        yield
        return
    store = place.context.store()
    experiment = place.tracking.experiment or place.project
    announce(store, place.project, experiment, model, cause)
    yield
    announce(store, place.project, experiment, model, cause)  # the first may have been told too early
    try:
        problems = place.send().problems
    except MlopscError as error:
        problems = (str(error),)
    for problem in problems:
        output.warning(f"MLflow was not told: {problem}; it waits for the next run or `mlopsc track flush`")

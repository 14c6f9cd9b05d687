"""Where runs are tracked: what spec, compiler, runtime and command line agree on."""

from typing import Annotated, Any

from pydantic import AfterValidator, Discriminator, StringConstraints, Tag
from pydantic_core import PydanticCustomError

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.sources import SecretHandle

TRACKING_VARIABLE = "MLOPSC_TRACKING_URL"
LOCAL = "local"
"""The word for MLflow's data in a file of the project's own."""
DATABASE = "mlflow.db"
"""That file, in the project's state folder."""
SCHEMES = ("http", "https", "sqlite")


def _server(text: str) -> str:
    if text == LOCAL or (text.partition("://")[0] in SCHEMES and "://" in text):
        return text
    help = "expected http://HOST:PORT, https://HOST, sqlite:///PATH or local"
    raise PydanticCustomError(
        "MLC109", "runs cannot be tracked in '{found}'", {"found": text.partition("://")[0], "help": help}
    )


def _told(value: Any) -> str:
    return "secret" if isinstance(value, dict | SecretHandle) else "url"


TrackingServer = Annotated[
    Annotated[SecretHandle, Tag("secret")] | Annotated[str, AfterValidator(_server), Tag("url")],
    Discriminator(_told),
]


class Tracking(Frozen):
    """Runs are told to MLflow: parameters, metrics, data, gates, plots, the model."""

    mlflow: TrackingServer | None = None
    """`https://HOST` of a tracking server, `sqlite:///PATH`, `{secret: name}` of such a URL, or `local` for a file in
    `.mlopsc`. Unset, it is what the environment's `MLOPSC_TRACKING_URL` says, else `local`."""
    experiment: Annotated[str, StringConstraints(min_length=1)] | None = None
    """MLflow's experiment; the project's name otherwise."""

"""The sections around the model's life: project and infrastructure."""

from typing import Annotated, Any

from pydantic import AfterValidator, Discriminator, StringConstraints, Tag
from pydantic_core import PydanticCustomError

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.engine import Engine
from mlopsc.vocabulary.hosts import Host
from mlopsc.vocabulary.names import Name
from mlopsc.vocabulary.sources import SecretHandle
from mlopsc.vocabulary.tracking import Tracking


def _database(text: str) -> str:
    kind = text.partition("://")[0].partition("+")[0] if "://" in text else "sqlite"
    if kind not in ("sqlite", "postgresql", "postgres"):
        help = "expected a path, sqlite:///PATH or postgresql://USER@HOST/DATABASE"
        raise PydanticCustomError(
            "MLC109", "a registry cannot be kept in '{kind}'", {"kind": kind, "help": help}
        )
    return text


def _online(text: str) -> str:
    kind = text.partition("://")[0] if "://" in text else "sqlite"
    if kind not in ("sqlite", "redis", "rediss", "unix"):
        help = "expected a path, sqlite:///PATH, or redis://HOST:PORT/DATABASE"
        raise PydanticCustomError(
            "MLC109", "an online store cannot be kept in '{kind}'", {"kind": kind, "help": help}
        )
    return text


def _told(value: Any) -> str:
    return "secret" if isinstance(value, dict | SecretHandle) else "url"


OnlineStore = Annotated[
    Annotated[SecretHandle, Tag("secret")]
    | Annotated[str, StringConstraints(min_length=1), AfterValidator(_online), Tag("url")],
    Discriminator(_told),
]


class Project(Frozen):
    """What this is and who answers for it."""

    name: Name
    owner: str | None = None
    description: str | None = None


class Infrastructure(Frozen):
    """Where shared state lives, and what computes tables. Unset, registry and stores are in the project's `.mlopsc`
    folder locally, and on other targets where the environment's `MLOPSC_REGISTRY_URL`, `MLOPSC_STORE_URL` and
    `MLOPSC_ONLINE_STORE_URL` say."""

    registry: Annotated[str, StringConstraints(min_length=1), AfterValidator(_database)] | None = None
    """URL of the model registry's database: `postgresql://USER@HOST/DATABASE`, or the path of a SQLite file."""
    store: Annotated[str, StringConstraints(min_length=1)] | None = None
    """URL (any that fsspec knows) or path of the artifact store."""
    online_store: OnlineStore | None = None
    """Where features are served from: the path of a SQLite file, `redis://HOST:PORT/DATABASE`, or `{secret: name}` of
    such a URL."""
    tracking: Tracking | None = None
    """Where runs are tracked; unset, nowhere."""
    allow_hosts: tuple[Host, ...] = ()
    """Hosts, as `name` or `name:port`, from which datasets may be fetched though their addresses are loopback,
    link-local or private ones. Others are refused, also when a redirect leads there."""
    engine: Engine | None = None
    """What checks data and computes views and features: DuckDB, embedded, unless this says otherwise."""

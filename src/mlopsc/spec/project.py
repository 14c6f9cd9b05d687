"""The sections around the model's life: project and infrastructure."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.engine import Engine
from mlopsc.vocabulary.hosts import Host
from mlopsc.vocabulary.names import Name


def _database(text: str) -> str:
    kind = text.partition("://")[0].partition("+")[0] if "://" in text else "sqlite"
    if kind not in ("sqlite", "postgresql", "postgres"):
        help = "expected a path, sqlite:///PATH or postgresql://USER@HOST/DATABASE"
        raise PydanticCustomError(
            "MLC109", "a registry cannot be kept in '{kind}'", {"kind": kind, "help": help}
        )
    return text


class Project(Frozen):
    """What this is and who answers for it."""

    name: Name
    owner: str | None = None
    description: str | None = None


class Infrastructure(Frozen):
    """Where shared state lives, and what computes tables. Unset, registry and store are in the project's `.mlopsc`
    folder locally, and on other targets where the environment's `MLOPSC_REGISTRY_URL` and `MLOPSC_STORE_URL` say."""

    registry: Annotated[str, StringConstraints(min_length=1), AfterValidator(_database)] | None = None
    """URL of the model registry's database: `postgresql://USER@HOST/DATABASE`, or the path of a SQLite file."""
    store: Annotated[str, StringConstraints(min_length=1)] | None = None
    """URL (any that fsspec knows) or path of the artifact store."""
    allow_hosts: tuple[Host, ...] = ()
    """Hosts, as `name` or `name:port`, from which datasets may be fetched though their addresses are loopback,
    link-local or private ones. Others are refused, also when a redirect leads there."""
    engine: Engine | None = None
    """What checks data and computes views and features: DuckDB, embedded, unless this says otherwise."""

"""What an operation may reach besides its files: the project folder, registry, store, secrets' values."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.machine import capacity
from mlopsc.vocabulary.secrets import SecretSource

if TYPE_CHECKING:
    from mlopsc.runtime.registry import Registry
    from mlopsc.runtime.store import Store

STATE_FOLDER = ".mlopsc"
REGISTRY_VARIABLE = "MLOPSC_REGISTRY_URL"
STORE_VARIABLE = "MLOPSC_STORE_URL"

_LOCAL = re.compile(r"(sqlite(?:\+\w+)?:///|file://)(?!:memory:|file:)(.+)", re.DOTALL)


def _usable_cores() -> int:
    return max(1, int(capacity().cores))


@dataclass(frozen=True)
class Context:
    """The surroundings of a step.

    `registry_url` and `store_url` are what the spec says; None means the environment's `MLOPSC_REGISTRY_URL` and
    `MLOPSC_STORE_URL`, and where those are unset the project's own `.mlopsc` folder. Paths in any of them are relative
    to the project, wherever the process was started.
    """

    project: Path
    registry_url: str | None = None
    store_url: str | None = None
    actor: str = "unknown"
    """Who acts, for the registry's ledger."""
    run: str | None = None
    claim: int | None = None
    """The number of the claim under which a step of a local run works (see `mlopsc.runtime.claims`)."""
    seen: str | None = None
    """What the step saw of the world when its key was made; None where no key was."""
    threads: int = field(default_factory=_usable_cores)

    def store(self) -> "Store":
        """Open the artifact store; raises StoreError."""
        from mlopsc.runtime.store import Store

        return Store.open(self.store_location)

    def registry(self) -> "Registry":
        """Open the model registry; raises RegistryError."""
        from mlopsc.runtime.registry import Registry

        return Registry.open(self.registry_location, store=self.store())

    def require_claim(self) -> None:
        """Raise LeaseLost when another run has taken over what the step does; where nothing is claimed, do nothing."""
        if self.run is None or self.claim is None:
            return
        from mlopsc.runtime.journal import Journal

        with Journal.of_project(self.project) as journal:
            journal.require(self.run, self.claim)

    @property
    def store_location(self) -> str:
        """URL or absolute path of the store."""
        told = self.store_url or os.environ.get(STORE_VARIABLE) or f"{STATE_FOLDER}/store"
        return within(self.project, told)

    @property
    def registry_location(self) -> str:
        """URL or absolute path of the registry."""
        told = self.registry_url or os.environ.get(REGISTRY_VARIABLE) or f"{STATE_FOLDER}/registry.db"
        return within(self.project, told)


def within(project: Path, location: str) -> str:
    """Return a path or URL of a store or registry, a relative path in it being one of the project's folder."""
    base = project.absolute()
    if local := _LOCAL.fullmatch(location):
        return f"{local[1]}{base / local[2]}"
    return location if "://" in location else str(base / location)


def read_secret(name: str, sources: Mapping[str, SecretSource], project: Path) -> str:
    """Return a secret's value; raises MlopscError that names the handle and where the value was looked for."""
    source = sources.get(name)
    if source is None:
        known = ", ".join(sorted(sources)) or "none"
        raise MlopscError(f"secret {name!r} is not declared; declared: {known}")
    if source.env is not None:
        value = os.environ.get(source.env)
        if value is None:
            raise MlopscError(
                f"secret {name!r} has no value: environment variable {source.env} is not set",
                help=f"set {source.env} where the step runs",
            )
        return value
    path = project / str(source.file)
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise MlopscError(
            f"secret {name!r} has no value: file {source.file} cannot be read: {why}",
            help="the file holds the value alone, as UTF-8 text; its path is relative to the project",
        ) from None

"""Secrets that a source names by handle, and their values."""

from collections.abc import Callable, Mapping
from typing import Any

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.vocabulary.sources import SecretHandle

Secrets = Callable[[str], str]
"""Returns the value of a secret by its name."""


def no_secrets(name: str) -> str:
    """Stand in where no secrets are declared."""
    raise MlopscError(f"secret {name!r} is not declared")


def resolved(values: Mapping[str, Any], secrets: Secrets) -> dict[str, Any]:
    """Return the mapping with every secret handle, at any depth, replaced by its value."""
    return {key: _resolved(value, secrets) for key, value in values.items()}


def _resolved(value: Any, secrets: Secrets) -> Any:
    match value:
        case SecretHandle():
            return secrets(value.secret)
        case {"secret": str(name)} if len(value) == 1:
            return secrets(name)
        case Mapping():
            return resolved(value, secrets)
        case list() | tuple():
            return [_resolved(item, secrets) for item in value]
        case _:
            return value

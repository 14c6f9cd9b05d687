"""What the failure of a dataset's contract comes to."""

from collections.abc import Collection, Iterable
from typing import Literal, Protocol

OnFailure = Literal["block", "warn", "quarantine"]
"""`block` stops what follows; `warn` is told and goes on; `quarantine` puts the rows aside and goes on without them."""


class _HasEffect(Protocol):
    def effect(self, default: OnFailure) -> OnFailure: ...


def puts_aside(
    default: OnFailure, columns: Collection[str], primary_key: Collection[str], checks: Iterable[_HasEffect]
) -> bool:
    """Say whether a contract may put rows aside, so that what reads the dataset reads those that are left."""
    declared = default == "quarantine" and bool(columns or primary_key)
    return declared or any(check.effect(default) == "quarantine" for check in checks)

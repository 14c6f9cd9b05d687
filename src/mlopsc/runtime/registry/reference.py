"""How a version is written (`late_arrival@production`, `late_arrival/3`), and what a wrong name meant."""

import re
from collections.abc import Iterable

from mlopsc.diagnostics.errors import RegistryError
from mlopsc.diagnostics.suggest import did_you_mean

_LISTED = 8
_NUMBERED = re.compile(r"(.+)/([0-9]+)", re.DOTALL)


def parse_reference(text: str) -> tuple[str, str | int]:
    """Read `model@stage` as (model, stage), `model/number` as (model, number); raises RegistryError."""
    if found := _NUMBERED.fullmatch(text):
        return found[1], int(found[2])
    model, _, stage = text.rpartition("@")
    if not model or not stage:
        raise RegistryError(f"{text!r} names no version: expected NAME@STAGE or NAME/NUMBER")
    return model, stage


def unknown(kind: str, name: str, known: Iterable[str], *, of: str) -> RegistryError:
    """Return the error for a name that is not among those known, with the nearest one as help."""
    names = sorted(known)
    listed = ", ".join(map(repr, names[:_LISTED])) or "none"
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    help = did_you_mean(name, names, limit=0)
    return RegistryError(f"unknown {kind} {name!r}: {of} has {listed}{more}", help=help)

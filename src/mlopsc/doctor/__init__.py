"""Doctor: looks at everything that a project keeps and stands on, says what is wrong, and mends what can be mended."""

from collections.abc import Callable, Iterator

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.doctor.environment import examine_environment
from mlopsc.doctor.finding import Finding, Subject
from mlopsc.doctor.state import examine_journal, examine_lock, examine_registry, examine_store
from mlopsc.runtime.context import Context

_PARTS: tuple[tuple[Subject, Callable[[Context], Iterator[Finding]]], ...] = (
    ("environment", examine_environment),
    ("store", examine_store),
    ("journal", examine_journal),
    ("registry", examine_registry),
    ("lock", examine_lock),
)


def examine(context: Context) -> list[Finding]:
    """Return a finding or more for the environment, and each of store, journal, registry and lock; nothing changes."""
    return [finding for subject, part in _PARTS for finding in _guarded(subject, part(context))]


def _guarded(subject: Subject, findings: Iterator[Finding]) -> Iterator[Finding]:
    try:
        yield from findings
    except MlopscError as error:
        yield Finding(subject, "fault", str(error), error.help)


__all__ = ["Finding", "examine"]

"""What doctor looked at, and what would mend it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from mlopsc.diagnostics.errors import MlopscError

Subject = Literal["environment", "store", "journal", "registry", "lock"]
Status = Literal["ok", "note", "fault", "fixed"]


@dataclass(frozen=True)
class Finding:
    """`ok`; a `note`, which stops nothing; a `fault`, with what to do; or `fixed`."""

    subject: Subject
    status: Status
    message: str
    help: str | None = None
    fix: str | None = None
    """What mending would do, as a command says it: `mark it as crashed`; None where only people can mend."""
    repair: Callable[[], str] | None = field(default=None, repr=False, compare=False)
    """Does it, and returns what was done."""

    def mended(self) -> "Finding":
        """Carry out what is offered and return what came of it."""
        if self.repair is None:
            return self
        try:
            done = self.repair()
        except MlopscError as error:
            return replace(self, message=f"{self.message}; not fixed: {error}", help=error.help, fix=None)
        return Finding(self.subject, "fixed", f"{self.message}: {done}")

"""The exceptions of mlopsc.

    MlopscError                 3  internal fault or I/O
    ├── SpecError               1  the spec, or a call's arguments, are wrong: carries diagnostics
    ├── UsageError              2  the command line is wrong
    ├── StoreError              3  an artifact is missing, damaged or cannot be written
    ├── RegistryError           3  the registry cannot be read, written or does not hold what was asked for
    ├── OnlineStoreError        3  the online store cannot be reached, or does not hold what was asked for
    ├── LeaseLost               3  another process took a run over that had given no sign of life
    ├── StepFailed              4  a step crashed
    └── Refusal                 5  a declared rule (check, gate, monitor) said no

The number is the exit status that the command line gives it.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from mlopsc.diagnostics.diagnostic import Diagnostic


class MlopscError(Exception):
    """Anything that mlopsc itself raises; `help` says what to do next, where there is something to do."""

    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, *, help: str | None = None) -> None:
        super().__init__(message)
        self.help = help


class SpecError(MlopscError):
    """The spec is wrong; `diagnostics` says where and how."""

    exit_code = 1

    def __init__(
        self, message: str, diagnostics: Sequence["Diagnostic"] = (), *, help: str | None = None
    ) -> None:
        super().__init__(message, help=help)
        self.diagnostics = tuple(diagnostics)


class UsageError(MlopscError):
    """The command line or the call asks for something that cannot be."""

    exit_code = 2


class StoreError(MlopscError):
    """An artifact is missing, does not have its digest, or cannot be written."""


class StoreUnreachable(StoreError):
    """The store does not answer, does not exist, or refuses these credentials: what it holds cannot be told."""


class RegistryError(MlopscError):
    """The registry cannot be reached, or does not hold what was asked for."""


class OnlineStoreError(MlopscError):
    """The online store cannot be reached, or does not hold what was asked for."""


class LeaseLost(MlopscError):
    """What this process was doing is not its own any more: it was silent for too long, and another took it over."""


class StepFailed(MlopscError):
    """A step did not finish: user code raised, the process died, time ran out."""

    exit_code = 4


class UnknownRevision(MlopscError):
    """A Git revision is not there; `certain` unless that is only so here, where there is no repository."""

    def __init__(self, message: str, *, help: str | None = None, certain: bool = True) -> None:
        super().__init__(message, help=help)
        self.certain = certain


class Refusal(MlopscError):
    """A declared rule said no: a check of severity `error`, a gate, a monitor.

    `outputs` are the digests, by port, of what the step wrote all the same: its report or decision.
    """

    exit_code = 5

    def __init__(
        self, message: str, *, help: str | None = None, outputs: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message, help=help)
        self.outputs = dict(outputs or {})

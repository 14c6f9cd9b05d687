"""The signs of life of a run: a thread that renews its lease, and those of its steps that are not held up."""

import threading
from collections.abc import Callable, Sequence
from types import TracebackType

from mlopsc.diagnostics.errors import LeaseLost, MlopscError
from mlopsc.runtime.journal import Journal
from mlopsc.runtime.leases import BEATS


class Heartbeat:
    """A context manager; `alive` returns the tokens of the claims whose steps can go on."""

    def __init__(self, journal: Journal, run: str, lease: float, alive: Callable[[], Sequence[int]]) -> None:
        self.interval = lease / BEATS
        """Seconds between two signs of life."""
        self._journal = journal
        self._run = run
        self._alive = alive
        self._over = threading.Event()
        self._lost: LeaseLost | None = None
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def check(self) -> None:
        """Raise LeaseLost when the run has been found to be taken over."""
        if self._lost is not None:
            raise self._lost

    def _beat(self) -> None:
        while not self._over.wait(self.interval):
            try:
                self._journal.beat(self._run, self._alive())
            except LeaseLost as error:
                self._lost = error
                return
            except MlopscError:
                continue  # a disk that is full for a while: the next write of the run tells, if it still is

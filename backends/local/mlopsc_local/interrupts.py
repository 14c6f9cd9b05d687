"""Ctrl-C and SIGTERM, let in only where a run can be stopped cleanly."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """A context manager: meanwhile a signal raises KeyboardInterrupt inside of `allowed` and nowhere else.

    One that comes at another time is kept for the next `allowed`, at the latest for the end. Signals that the program
    handles or ignores by itself are left alone, and so are all of them outside of the main thread, which alone
    receives them.
    """

    def __init__(self) -> None:
        self._before: dict[signal.Signals, Any] = {}
        self._open = False
        self._pending = False

    def __enter__(self) -> "Interrupts":
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                    self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if kind is None and self._pending:
            raise KeyboardInterrupt

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """Let signals in; raises KeyboardInterrupt also for one that came earlier."""
        self._open = True
        try:
            if self._pending:
                self._pending = False
                raise KeyboardInterrupt
            yield
        finally:
            self._open = False

    def _receive(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if self._open:
            self._open = False  # a second one does not disturb what the first has begun
            raise KeyboardInterrupt
        self._pending = True

"""Break the Nth call that changes the disk: `kill` the process there, or let the call fail with an errno."""

import errno
import os
import signal
from collections.abc import Callable
from typing import Any

CALLS = ("open", "write", "fsync", "rename", "replace", "mkdir", "chmod", "utime", "unlink")


def break_call(number: int, how: str) -> None:
    """From now on the `number`th changing call does not happen; `how` is `kill` or an errno's name."""
    made = 0

    def breaking(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **options: Any) -> Any:
            nonlocal made
            if call is real["open"] and not arguments[1] & os.O_CREAT:
                return call(*arguments, **options)
            made += 1
            if made == number:
                if how == "kill":
                    if call is real["write"]:  # half of it reaches the disk
                        call(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
                    os.kill(os.getpid(), signal.SIGKILL)
                raise OSError(getattr(errno, how), os.strerror(getattr(errno, how)))
            return call(*arguments, **options)

        return wrapped

    real = {name: getattr(os, name) for name in CALLS}
    for name, call in real.items():
        setattr(os, name, breaking(call))

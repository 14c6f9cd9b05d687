"""A process that forks one child for each step: heavy imports are paid once, a crash stays in its child.

Run as `python -P -m mlopsc.runtime.zygote [--fresh] [MODULE…]`. It imports the modules, then reads requests,
one JSON object a line:

    {"id", "entry": "package.module:function", "request": path, "result": path, "log": path,
     "env": {name: value}, "cwd": path or null, "timeout": seconds or null, "modules": [name]}
    {"kill": id}

A child calls `entry` with the JSON value in the file `request`, its output going to the file `log`, and
writes to the file `result` one of

    {"ok": true, "value"}
    {"ok": false, "kind": "refusal" or "failed", "type", "message", "help", "traceback"}

Standard output tells, one JSON object a line, what becomes of the children (`max_rss` in bytes):

    {"id", "pid", "event": "started"}
    {"id", "event": "lost", "message", "help"}     of a child that could not write its result: why
    {"id", "pid", "event": "ended", "exit", "signal", "timed_out", "killed",
     "seconds", "cpu_seconds", "max_rss"}

Each child leads a process group, which dies with it. When standard input closes (the parent has ended,
however) every child is killed. The process has one thread of Python; where fork is not safe after imports
(not Linux), or with `--fresh`, children are fresh interpreters.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

from mlopsc.diagnostics.errors import MlopscError, Refusal
from mlopsc.runtime.atomic import cannot_write, write_bytes

_PARENT_CHECK = 2.0  # seconds between looks whether the parent is still the same
_WORDS = 300  # characters of each part of a child's last words
_EVENTS = 3  # where a fresh child finds the descriptor for events
_PR_SET_PDEATHSIG = 1
_PR_GET_DUMPABLE = 3
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(slots=True)
class _Child:
    id: str
    pid: int
    started: float
    deadline: float | None
    timed_out: bool = False
    killed: bool = False


class Zygote:
    """The loop: requests in, events out, children in between."""

    def __init__(self, *, fresh: bool) -> None:
        self._fresh = fresh
        self._events = os.dup(1)
        os.dup2(2, 1)  # what a module prints as it is imported is no event
        self._children: dict[int, _Child] = {}
        self._parent = os.getppid()
        self._wake, self._alarm = os.pipe()
        os.set_blocking(self._alarm, False)
        os.set_blocking(self._wake, False)
        signal.set_wakeup_fd(self._alarm, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means

    def serve(self) -> None:
        """Carry out requests until standard input closes; then kill what still runs."""
        buffer = b""
        while os.getppid() == self._parent:
            ready, _, _ = select.select([0, self._wake], [], [], self._patience())
            if self._wake in ready:
                os.read(self._wake, 4096)
            if 0 in ready:
                data = os.read(0, 1 << 16)
                if not data:
                    break
                *lines, buffer = (buffer + data).split(b"\n")
                for line in lines:
                    self._obey(json.loads(line))
            self._stop_late()
            self._reap()
        for child in self._children.values():
            _kill_group(child.pid)

    def _obey(self, job: Mapping[str, Any]) -> None:
        if "kill" in job:
            for child in self._children.values():
                if child.id == job["kill"]:
                    child.killed = True
                    _kill_group(child.pid)
            return
        if not self._fresh:
            preload(job["modules"])
        pid = _spawn(job, self._events) if self._fresh else self._fork(job)
        now = time.monotonic()
        deadline = None if job["timeout"] is None else now + job["timeout"]
        self._children[pid] = _Child(job["id"], pid, now, deadline)
        self._say({"id": job["id"], "pid": pid, "event": "started"})

    def _fork(self, job: Mapping[str, Any]) -> int:
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.close(self._wake)
            os.close(self._alarm)
            carry_out(job, self._events)
        with contextlib.suppress(OSError):  # the child does so too: whoever comes first
            os.setpgid(pid, pid)
        return pid

    def _patience(self) -> float:
        deadlines = [
            child.deadline for child in self._children.values() if child.deadline and not child.timed_out
        ]
        return max(0.0, min([time.monotonic() + _PARENT_CHECK, *deadlines]) - time.monotonic())

    def _stop_late(self) -> None:
        now = time.monotonic()
        for child in self._children.values():
            if child.deadline is not None and now >= child.deadline and not child.timed_out:
                child.timed_out = True
                _kill_group(child.pid)

    def _reap(self) -> None:
        while self._children:
            # Not yet reaped, it keeps its process id: the group killed here is surely its own.
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if ended is None:
                return
            _kill_group(ended.si_pid)
            pid, status, usage = os.wait4(ended.si_pid, 0)
            child = self._children.pop(pid, None)
            if child is None:
                continue
            code = os.waitstatus_to_exitcode(status)
            self._say(
                {
                    "id": child.id,
                    "pid": pid,
                    "event": "ended",
                    "exit": code if code >= 0 else None,
                    "signal": signal.Signals(-code).name if code < 0 else None,
                    "timed_out": child.timed_out,
                    "killed": child.killed,
                    "seconds": time.monotonic() - child.started,
                    "cpu_seconds": usage.ru_utime + usage.ru_stime,
                    "max_rss": usage.ru_maxrss * _RSS_UNIT,
                }
            )

    def _say(self, event: Mapping[str, Any]) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(self._events, json.dumps(event).encode() + b"\n")


def carry_out(job: Mapping[str, Any], events: int) -> NoReturn:
    """Be the child: set up the process, call the entry, write the result, leave.

    `events` is the descriptor of the zygote's events: without a disk for the result, its last words go there.
    """
    status, result = 70, None
    try:
        with contextlib.suppress(OSError):
            os.setpgid(0, 0)
        _die_with_parent()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        _redirect(Path(job["log"]))
        os.environ.update(job["env"])
        if "TZ" in job["env"]:
            time.tzset()
        result = _result(job)
        write_bytes(Path(job["result"]), json.dumps(result, allow_nan=False).encode(), durable=False)
        status = 0
    except BaseException as error:  # noqa: BLE001 - whatever it is, this process must leave here
        with contextlib.suppress(OSError):
            traceback.print_exc()
        _last_words(events, job["id"], result, error)
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _redirect(log: Path) -> None:
    """Let the output go to the log; raises StoreError when it cannot be opened."""
    try:
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    except OSError as error:
        raise cannot_write(log, error) from error
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(output)


def _last_words(events: int, child: str, result: Mapping[str, Any] | None, error: BaseException) -> None:
    """Tell why there is no result; what the step itself failed with weighs more."""
    told = result if result is not None and result.get("kind") == "failed" else _failure(error)
    words = {
        name: None if told[name] is None else told[name][:_WORDS] for name in ("type", "message", "help")
    }
    with contextlib.suppress(OSError):  # at most 4096 bytes are never torn apart by another child's
        event = {"id": child, "event": "lost", **words}
        os.write(events, json.dumps(event, ensure_ascii=False).encode("utf-8", "replace") + b"\n")


def _result(job: Mapping[str, Any]) -> dict[str, Any]:
    """Call the entry; return what says what it returned or raised."""
    try:
        if job["cwd"] is not None:
            os.chdir(job["cwd"])
        module, _, name = job["entry"].partition(":")
        entry: Callable[[Any], Any] = getattr(importlib.import_module(module), name)
        value = entry(json.loads(Path(job["request"]).read_bytes()))
        json.dumps(value, allow_nan=False)
        return {"ok": True, "value": value}
    except BaseException as error:  # noqa: BLE001 - the parent tells it
        failure = _failure(error)
        with contextlib.suppress(OSError):  # the disk of the log may be full
            sys.stdout.flush()
            sys.stderr.write(failure["traceback"])
        return failure


def _failure(error: BaseException) -> dict[str, Any]:
    trace = error.__traceback__ and (error.__traceback__.tb_next or error.__traceback__)
    return {
        "ok": False,
        "kind": "refusal" if isinstance(error, Refusal) else "failed",
        "type": type(error).__name__,
        "message": str(error),
        "help": error.help if isinstance(error, MlopscError) else None,
        "traceback": "".join(traceback.format_exception(type(error), error, trace)),
    }


def _spawn(job: Mapping[str, Any], events: int) -> int:
    """Start a fresh interpreter that reads its job from a pipe: `env` is not for the process list."""
    read, write = os.pipe()
    command = [sys.executable, "-P", "-m", "mlopsc.runtime.zygote", "--child"]
    try:
        pid = os.posix_spawn(
            sys.executable,
            command,
            {**os.environ, **job["env"]},
            file_actions=[
                (os.POSIX_SPAWN_DUP2, read, 0),
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_DUP2, events, _EVENTS),
            ],
            setpgroup=0,
            setsigdef=[signal.SIGINT],
        )
    finally:
        os.close(read)
    with contextlib.suppress(BrokenPipeError), os.fdopen(write, "wb") as pipe:
        pipe.write(json.dumps(job).encode())
    return pid


def _die_with_parent() -> None:
    """On Linux: the kernel kills this process when the zygote ends, even by SIGKILL."""
    if sys.platform == "linux":
        parent = os.getppid()
        _prctl()(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(70)


@lru_cache
def _prctl() -> Callable[..., int]:
    import ctypes

    function = ctypes.CDLL(None).prctl
    function(_PR_GET_DUMPABLE, 0, 0, 0, 0)  # what the first call sets up is done before the forks
    return function


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def preload(modules: Sequence[str]) -> None:
    """Import what is not imported yet, so that every later child finds it."""
    for module in modules:
        if module not in sys.modules:
            with contextlib.suppress(Exception):  # a child that needs it meets and tells the same error
                importlib.import_module(module)
    gc.freeze()  # a collection in a child need not touch, and so copy, what was there before


def main(arguments: Sequence[str]) -> None:
    """Serve, or with `--child` be a fresh child whose job stands on standard input."""
    if arguments[:1] == ["--child"]:
        os.set_inheritable(_EVENTS, False)
        carry_out(json.loads(sys.stdin.buffer.read()), _EVENTS)
    fresh = "--fresh" in arguments or sys.platform != "linux"
    zygote = Zygote(fresh=fresh)
    if not fresh:
        _prctl()
        # Native libraries keep idle threads; they know about fork, and no thread of Python runs here.
        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
        preload(arguments)
    zygote.serve()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])

"""Steps in processes of their own: started, watched and stopped from one place.

The processes are children of a zygote (see `mlopsc.runtime.zygote`), which is started with the first step and
ends with this process, however it ends.
"""

import contextlib
import itertools
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.forked import Forked, can_fork
from mlopsc.runtime.processes import is_stopped

Kind = Literal["ok", "refusal", "failed", "died", "timeout", "killed"]

_SPINS = "400"
"""As cheap as the default on an idle machine (a third of the CPU time of none), as cheap as none on a busy one."""
_SIGNALS = {
    "SIGKILL": "killed by SIGKILL (out of memory?)",
    "SIGSEGV": "killed by SIGSEGV (a crash in native code)",
    "SIGBUS": "killed by SIGBUS (a crash in native code, or a mapped file that shrank)",
    "SIGABRT": "killed by SIGABRT (native code gave up)",
    "SIGILL": "killed by SIGILL (native code for another processor)",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a step's process ended.

    `ok`: `value` is what the entry returned. `refusal` and `failed`: it raised, and `type`, `message`, `help`
    and `traceback` say what. `died`, `timeout`, `killed`: no result, `message` says why in words.
    """

    kind: Kind
    value: Any = None
    type: str = ""
    message: str = ""
    help: str | None = None
    traceback: str = ""
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    max_rss: int = 0


@dataclass(eq=False, slots=True)
class Handle:
    """A step that was submitted; `outcome` is None until it has ended."""

    id: str
    entry: str
    log: Path
    timeout: float | None
    outcome: Outcome | None = None
    pid: int | None = None
    _files: tuple[Path, Path] = field(default=(Path(), Path()), repr=False)
    _awaited: bool = field(default=False, repr=False)
    _lost: Outcome | None = field(default=None, repr=False)


class Workers:
    """A context manager; `preload` names the modules that children find imported already.

    `fresh` starts an interpreter for each step instead of forking one. Any thread may call any method. Entered where
    this process can be forked (see `mlopsc.runtime.forked`), the zygote is a fork of it.
    """

    def __init__(self, preload: Sequence[str] = (), *, fresh: bool = False) -> None:
        self._arguments = ["--fresh"] if fresh else list(preload)
        self._process: subprocess.Popen[bytes] | Forked | None = None
        self._scratch: Path | None = None
        self._running: dict[str, Handle] = {}
        self._finished: list[Handle] = []
        self._buffer = b""
        self._numbers = itertools.count(1)
        self._writing = threading.RLock()
        self._reading = threading.Lock()

    def __enter__(self) -> "Workers":
        if "--fresh" not in self._arguments and can_fork():
            with contextlib.suppress(OSError):  # `_start` tries another way, and tells why if that fails too
                self._process = Forked(self._arguments, _environment())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def submit(
        self,
        entry: str,
        request: Any,
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        timeout: float | None = None,
        modules: Sequence[str] = (),
    ) -> Handle:
        """Start `package.module:function` with the JSON value `request` in a process of its own.

        Its output is appended to `log`; `env` is added to the environment; after `timeout` seconds its
        process group is killed. `modules` are imported first where all later steps find them too. Raises
        MlopscError when no process can be started.
        """
        return self._submit(entry, request, log, env, cwd, timeout, modules, awaited=False)

    def run(
        self,
        entry: str,
        request: Any,
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        timeout: float | None = None,
        modules: Sequence[str] = (),
    ) -> Outcome:
        """Start a step as `submit` does and wait for its outcome; other threads may run theirs meanwhile."""
        handle = self._submit(entry, request, log, env, cwd, timeout, modules, awaited=True)
        try:
            while handle.outcome is None:
                with self._reading:
                    if handle.outcome is None:
                        self._read(None)
        except BaseException:
            self.kill(handle)
            raise
        return handle.outcome

    def wait(self, timeout: float | None = None) -> list[Handle]:
        """Return submitted steps that have ended, each once, as soon as there is one or after `timeout` s.

        Returns at once, and nothing, when none is running.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._reading:
            while not self._finished and any(not handle._awaited for handle in self._running.values()):
                patience = None if deadline is None else max(0.0, deadline - time.monotonic())
                if not self._read(patience) and deadline is not None and time.monotonic() >= deadline:
                    break
            finished, self._finished = self._finished, []
        return finished

    def kill(self, handle: Handle) -> None:
        """Stop a step and everything in its process group; its outcome, `killed`, comes as any other."""
        if handle.outcome is None:
            self._send({"kill": handle.id})

    def is_stopped(self) -> bool:
        """Whether the process that starts steps, and tells how they end, is held up (SIGSTOP, a debugger)."""
        process = self._process
        return process is not None and is_stopped(process.pid)

    def close(self) -> None:
        """Stop everything that still runs."""
        with self._writing:
            process, self._process = self._process, None
            if process is not None:
                _end(process)
        with self._reading:  # a thread that was reading has met the end by now
            if process is not None and process.stdout is not None:
                process.stdout.close()
            self._buffer = b""
            self._give_up("stopped with everything else", "killed")
            if self._scratch is not None:
                shutil.rmtree(self._scratch, ignore_errors=True)
                self._scratch = None

    def _submit(
        self,
        entry: str,
        request: Any,
        log: Path,
        env: Mapping[str, str] | None,
        cwd: Path | None,
        timeout: float | None,
        modules: Sequence[str],
        *,
        awaited: bool,
    ) -> Handle:
        with self._writing:
            self._start()
            assert self._scratch is not None
            name = f"{next(self._numbers)}"
            files = self._scratch / f"{name}.request", self._scratch / f"{name}.result"
            try:
                files[0].write_text(json.dumps(request, allow_nan=False), "utf-8")
                log.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise MlopscError(f"cannot start a step: {error}") from error
            handle = Handle(name, entry, log, timeout, None, None, files, awaited)
            self._running[name] = handle
            self._send(
                {
                    "id": name,
                    "entry": entry,
                    "request": str(files[0]),
                    "result": str(files[1]),
                    "log": str(log.absolute()),
                    "env": dict(env or {}),
                    "cwd": None if cwd is None else str(cwd.absolute()),
                    "timeout": timeout,
                    "modules": list(modules),
                }
            )
        return handle

    def _start(self) -> None:
        if self._scratch is None:
            self._scratch = Path(tempfile.mkdtemp(prefix="mlopsc-steps-"))
        if self._process is not None:
            return
        command = [sys.executable, "-P", "-m", "mlopsc.runtime.zygote", *self._arguments]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
                env={**os.environ, **_environment()},
            )
        except OSError as error:
            raise MlopscError(f"cannot start a process for steps: {error}") from error

    def _send(self, message: Mapping[str, Any]) -> None:
        with self._writing:
            if self._process is None or self._process.stdin is None:
                return
            data = memoryview(json.dumps(message).encode() + b"\n")
            with contextlib.suppress(BrokenPipeError):  # reading tells that it has died
                while data:
                    data = data[self._process.stdin.write(data) :]

    def _read(self, patience: float | None) -> bool:
        """Take in what the zygote says within so many seconds; False when it said nothing."""
        process = self._process
        if process is None or process.stdout is None:
            self._give_up("stopped with everything else", "killed")
            return True
        if not select.select([process.stdout], [], [], patience)[0]:
            return False
        data = os.read(process.stdout.fileno(), 1 << 16)
        if not data:
            with self._writing:
                closed = self._process is not process
                if not closed:
                    self._process = None
                    _end(process)
                    process.stdout.close()
            self._buffer = b""
            if closed:
                self._give_up("stopped with everything else", "killed")
            else:
                self._give_up("the process that starts steps has died (out of memory?)", "died")
            return True
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            self._hear(json.loads(line))
        return True

    def _hear(self, event: Mapping[str, Any]) -> None:
        handle = self._running[event["id"]]
        if event["event"] == "started":
            handle.pid = event["pid"]
        elif event["event"] == "lost":
            words = {name: event[name] for name in ("type", "message", "help")}
            handle._lost = Outcome("failed", **words)
        else:
            self._finish(handle, _outcome(handle, event))

    def _finish(self, handle: Handle, outcome: Outcome) -> None:
        for file in handle._files:
            file.unlink(missing_ok=True)
        del self._running[handle.id]
        handle.outcome = outcome
        if not handle._awaited:
            self._finished.append(handle)

    def _give_up(self, message: str, kind: Kind) -> None:
        for handle in list(self._running.values()):
            self._finish(handle, Outcome(kind, message=message))


def _outcome(handle: Handle, event: Mapping[str, Any]) -> Outcome:
    used = {name: event[name] for name in ("seconds", "cpu_seconds", "max_rss")}
    with contextlib.suppress(OSError, ValueError):
        found = json.loads(handle._files[1].read_bytes())
        if found.pop("ok"):
            return Outcome("ok", found["value"], **used)
        return Outcome(**found, **used)
    if handle._lost is not None:
        return replace(handle._lost, **used)
    if event["timed_out"]:
        return Outcome("timeout", message=f"took longer than {handle.timeout:g} s and was stopped", **used)
    if event["killed"]:
        return Outcome("killed", message="stopped on request", **used)
    if event["signal"]:
        words = _SIGNALS.get(event["signal"], f"killed by {event['signal']}")
    else:
        words = f"the process left with exit status {event['exit']} and no result"
    return Outcome("died", message=words, help=f"its last words may stand in {handle.log}", **used)


def _environment() -> dict[str, str]:
    """Return what is added to the environment of steps, unless it says so itself: a thread of OpenMP that waits for the
    others sleeps soon, for steps share the cores, but not at once, since to wake it costs more than a short spin.
    """
    chosen = {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"} & os.environ.keys()
    return {} if chosen else {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": _SPINS}


def _end(process: subprocess.Popen[bytes] | Forked) -> None:
    """Close its standard input, which ends the zygote; kill it when it does not listen."""
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.close()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

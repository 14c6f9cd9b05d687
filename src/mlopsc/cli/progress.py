"""A run as it goes: a live table on a terminal, a line for each step elsewhere. Both on standard error."""

import contextlib
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from mlopsc.cli import output
from mlopsc.plan.fans import FanOut, counted, fan_outs
from mlopsc.plan.plan import Step
from mlopsc.plan.result import StepResult

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

STYLES = {
    "run": "green", "cached": "dim", "failed": "red", "refused": "yellow", "blocked": "yellow", "skipped": "dim",
    "cancelled": "yellow", "depends": "cyan", "succeeded": "green", "crashed": "red", "running": "cyan",
    "drift": "red", "ok": "green", "fail": "yellow", "pass": "green", "warn": "yellow", "chosen": "green",
}  # fmt: skip
_REASON = 72


class Progress(Protocol):
    """What hears of a run."""

    def started(self, name: str) -> None:
        """Hear that a step runs now."""

    def waits(self, name: str, holder: str) -> None:
        """Hear that a step waits for another run, which does the same work."""

    def ended(self, result: StepResult) -> None:
        """Hear what became of a step."""


@contextmanager
def progress(steps: Sequence[Step], *, quiet: bool) -> Iterator[Progress]:
    """Give the progress that suits standard error; a quiet one says nothing."""
    if quiet:
        yield Silence()
    elif sys.stderr is not None and sys.stderr.isatty():
        live = LiveTable(steps)
        try:
            yield live
        finally:
            live.close()
    else:
        yield Lines(steps)


class Silence:
    """Says nothing."""

    def started(self, name: str) -> None:
        """Hear that a step runs now."""

    def waits(self, name: str, holder: str) -> None:
        """Hear that a step waits for another run, which does the same work."""

    def ended(self, result: StepResult) -> None:
        """Hear what became of a step."""


class Ended:
    """The lines of steps that ended: one for a fan-out, when the last of it has ended, and for each that failed."""

    def __init__(self, steps: Sequence[Step]) -> None:
        fans = fan_outs(steps).values()
        self._fans = {name: fan for fan in fans for name in fan.names}
        self._results: dict[str, list[StepResult]] = {}
        singles = [step.name for step in steps if step.fan is None]
        self.width = max(map(len, [*singles, *(fan.title for fan in fans)]), default=0)

    def lines(self, result: StepResult) -> Iterator[str]:
        """Yield what is to be written now that a step has ended."""
        fan = self._fans.get(result.name)
        if fan is None:
            yield line(result, self.width)
            return
        if result.status in ("failed", "refused"):
            yield line(result, self.width)
        ended = self._results.setdefault(fan.group, [])
        ended.append(result)
        if len(ended) == len(fan.members):
            yield line(together(fan, ended), self.width)


def together(fan: FanOut, results: Sequence[StepResult]) -> StepResult:
    """Return what became of a fan-out as if it were one step: its status, all their seconds, how many did what."""
    timed = [result.seconds for result in results if result.seconds is not None]
    status, counts = counted([result.status for result in results])
    return results[0].model_copy(
        update={
            "name": fan.title,
            "status": status,
            "seconds": sum(timed) if timed else None,
            "reason": counts or results[0].reason,
            "outputs": {},
        }
    )


class Lines:
    """A line for each step or fan-out that ended."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._ended = Ended(steps)

    def started(self, name: str) -> None:
        """Hear that a step runs now."""

    def waits(self, name: str, holder: str) -> None:
        """Write for whom the step waits."""
        output.tell(waiting(name, self._ended.width, holder))

    def ended(self, result: StepResult) -> None:
        """Write the step's line."""
        for text in self._ended.lines(result):
            output.tell(text)


class LiveTable:
    """Steps that ended scroll up as lines; those that run stand below them, with their seconds."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._lines = Ended(steps)
        self._total = len(steps)
        self._ended = 0
        self._running: dict[str, float] = {}
        self._live: Live | None = None

    def started(self, name: str) -> None:
        """Show the step as running."""
        self._running[name] = time.monotonic()
        if self._live is None:  # rich is imported only when there is something to wait for
            from rich.console import Console
            from rich.live import Live

            console = Console(stderr=True, highlight=False)
            self._live = Live(
                console=console, refresh_per_second=8, transient=True, get_renderable=self._table
            )
            self._live.start()

    def waits(self, name: str, holder: str) -> None:
        """Write above those that run for whom the step waits."""
        self._write(waiting(name, self._lines.width, holder))

    def ended(self, result: StepResult) -> None:
        """Write the step's line above those that run."""
        self._running.pop(result.name, None)
        self._ended += 1
        for text in self._lines.lines(result):
            self._write(text)

    def _write(self, text: str) -> None:
        if self._live is None:
            output.tell(text)
        else:
            from rich.text import Text

            with contextlib.suppress(OSError):
                self._live.console.print(Text.from_ansi(text), soft_wrap=True)

    def close(self) -> None:
        """Take the table away."""
        if self._live is not None:
            with contextlib.suppress(OSError):  # the terminal was closed
                self._live.stop()

    def _table(self) -> "Table":
        from rich.table import Table

        table = Table.grid(padding=(0, 2))
        now = time.monotonic()
        for name, since in list(self._running.items()):
            table.add_row("", "[cyan]running[/cyan]", name, f"{now - since:.0f} s")
        table.add_row("", f"[dim]{self._ended} of {self._total}[/dim]", "", "")
        return table


def line(result: StepResult, width: int) -> str:
    """Return the line of a step that ended."""
    status = output.paint(f"{result.status:<9}", STYLES.get(result.status, ""))
    reason = "" if result.reason is None else output.escaped(result.reason.partition("\n")[0])
    short = reason if len(reason) <= _REASON else f"{reason[: _REASON - 1]}…"
    return f"  {status}  {result.name:<{width}}  {seconds(result.seconds):>7}  {short}".rstrip()


def waiting(name: str, width: int, holder: str) -> str:
    """Return the line of a step that waits for another run."""
    status = output.paint(f"{'waits':<9}", "dim")
    return f"  {status}  {name:<{width}}  {'':>7}  for {holder}"


def seconds(value: float | None) -> str:
    """Return a duration as tables show it."""
    if value is None:
        return ""
    return f"{value:.1f} s" if value < 100 else f"{int(value // 60)} min {int(value % 60)} s"

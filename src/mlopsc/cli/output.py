"""Everything that the command line writes: results on standard output, what is said about them on standard error."""

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from mlopsc.diagnostics.diagnostic import Diagnostic

BROKEN_PIPE, UNWRITTEN = 141, 3
_STYLES = {
    "bold": "1", "dim": "2", "red": "1;31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36",
}  # fmt: skip
_GAP = "  "
_lost: list[OSError] = []
"""Why standard output could not be written, if so."""


def prepare() -> None:
    """Let no character stop the program: what a stream cannot encode is written as its escape."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def finish(status: int) -> int:
    """Flush, and return the exit status; a reader that went away, or a full disk, is no reason for a traceback."""
    _written(lambda stream: stream.flush())
    if not _lost:
        return status
    if isinstance(_lost[0], BrokenPipeError):
        return status or BROKEN_PIPE
    error(f"cannot write the output: {_lost[0].strerror}")
    return status or UNWRITTEN


def say(text: str = "") -> None:
    """Write a line of the result."""
    _written(lambda stream: stream.write(text + "\n"))


def raw(data: bytes) -> None:
    """Write bytes as the whole result: what a file would hold; raises UsageError for a picture on a terminal."""
    stream = sys.stdout
    if stream is None:
        return
    try:
        text = data.decode()
    except UnicodeDecodeError:
        if stream.isatty():
            from mlopsc.diagnostics.errors import UsageError

            raise UsageError("this is no text for a terminal", help="name a file with --out FILE") from None
        _written(lambda out: (out.flush(), out.buffer.write(data)))
    else:
        _written(lambda out: out.write(text))


def tell(text: str) -> None:
    """Write a line about what happens."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError):
            sys.stderr.write(text + "\n")
            sys.stderr.flush()


def error(message: str, *, help: str | None = None) -> None:
    """Tell what went wrong, and what to do."""
    first, *rest = [escaped(line) for line in message.split("\n")]
    tell(f"{paint('error', 'red')}: {paint(first, 'bold')}")
    for line in rest:
        tell(f"       {line}")
    if help:
        tell(f"  {paint('= help', 'blue')}: {escaped(help)}")


def warning(message: str) -> None:
    """Tell of something that does not stop the command."""
    tell(f"{paint('warning', 'yellow')}: {escaped(message)}")


def json_object(value: Any) -> None:
    """Write one JSON object as the whole result."""
    say(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def diagnostics(found: Iterable["Diagnostic"]) -> None:
    """Tell diagnostics, with the lines of the files that they point to."""
    from mlopsc.diagnostics.render_text import render_text

    listed = list(found)
    if listed:
        text = render_text(listed, sources(listed), color=colored(sys.stderr), width=max(40, width() - 8))
        tell(text.rstrip("\n"))


def sources(found: Iterable["Diagnostic"]) -> dict[str, str]:
    """Return the text of each file that diagnostics point to, as far as it can be read."""
    texts = {}
    for file in {
        span.file for one in found for span in (one.span, *(label.span for label in one.labels)) if span
    }:
        with contextlib.suppress(OSError, UnicodeDecodeError):
            texts[file] = Path(file).read_bytes().decode("utf-8-sig")
    return texts


def colored(stream: TextIO | None) -> bool:
    """Say whether a stream takes colours: a terminal, unless NO_COLOR is set; FORCE_COLOR makes any one."""
    if os.environ.get("NO_COLOR") or stream is None:
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def paint(text: str, style: str, *, stream: TextIO | None = None) -> str:
    """Return the text in a style, where standard error (or the given stream) takes it."""
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if style and colored(stream or sys.stderr) else text


def escaped(text: str) -> str:
    """Return the text with control characters written out, lest a terminal obeys them."""
    if text.isascii() and text.isprintable():
        return text
    from mlopsc.diagnostics.render_text import escape

    return escape(text)


def width() -> int:
    """Return the terminal's columns; 110 where there is none, but never fewer than 40."""
    return max(40, shutil.get_terminal_size((110, 24)).columns)


def title(text: str) -> None:
    """Write a heading of the result."""
    say()
    say(paint(text, "bold", stream=sys.stdout))


def pairs(lines: Sequence[tuple[str, str]]) -> None:
    """Write names and values, aligned."""
    size = max((len(name) for name, _ in lines), default=0)
    for name, value in lines:
        shown = escaped(name).ljust(size)
        say(f"{_GAP}{paint(shown, 'dim', stream=sys.stdout)}{_GAP}{escaped(value)}".rstrip())


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[int] = (),
    styles: dict[str, str] | None = None,
) -> None:
    """Write aligned columns; the last wraps within the terminal. `right` aligns columns to the right.

    `styles` gives the style of a cell by its text.
    """
    cells = [[escaped(cell) for cell in row] for row in rows]
    sizes = [max(len(row[column]) for row in [head, *cells]) for column in range(len(head))]
    before = sum(sizes[:-1]) + len(_GAP) * len(head)
    room = max(24, width() - before)
    for number, row in enumerate([list(head), *cells]):
        lines = _wrapped(row[-1], room)
        for index, last in enumerate(lines):
            parts = [*(row[:-1] if index == 0 else [""] * (len(row) - 1)), last]
            shown = [
                _cell(part, sizes[column], right=column in right, last=column == len(head) - 1, head=number == 0,
                      style=(styles or {}).get(part, ""))
                for column, part in enumerate(parts)
            ]  # fmt: skip
            say((_GAP + _GAP.join(shown)).rstrip())


def _cell(text: str, size: int, *, right: bool, last: bool, head: bool, style: str) -> str:
    padded = text if last and not right else text.rjust(size) if right else text.ljust(size)
    return paint(padded, "dim" if head else style, stream=sys.stdout)


def _wrapped(text: str, room: int) -> list[str]:
    """Return the lines of a text; whole where nobody looks, so that tools can search it."""
    if len(text) <= room or not (sys.stdout is not None and sys.stdout.isatty()):
        return [text]
    from textwrap import wrap

    return wrap(text, room) or [text]


def _written(act: Callable[[TextIO], object]) -> None:
    """Act on standard output; what cannot be written is lost, and `finish` tells so when the work is done."""
    if sys.stdout is None:
        return
    try:
        act(sys.stdout)
    except OSError as failure:
        _lost.append(failure)
        with contextlib.suppress(OSError, ValueError):  # lest the interpreter's own flush fails too
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

"""Diagnostics for people: the source line, carets under the exact token, what to do next."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from mlopsc.diagnostics.diagnostic import Diagnostic, Label, Severity, Span, count

_TAB = "    "
_RESET = "\x1b[0m"
_BOLD = "\x1b[1m"
_BLUE = "\x1b[1;34m"
_COLORS = {Severity.ERROR: "\x1b[1;31m", Severity.WARNING: "\x1b[1;33m", Severity.NOTE: "\x1b[1;36m"}


def render_text(
    diagnostics: Iterable[Diagnostic],
    sources: Mapping[str, str],
    *,
    color: bool = False,
    width: int = 110,
) -> str:
    """Return the whole report, with a last line that counts; empty when there are no diagnostics.

    `sources` holds the text of each file by the name that spans give it; a file that is not there is named
    without its lines. `width` is that of the source line: longer ones are cut around the place.
    """
    found = list(diagnostics)
    lines = {file: split_lines(text) for file, text in sources.items()}
    parts = [_render(diagnostic, lines, color, width) for diagnostic in found]
    if summary := count(found):
        parts.append(_paint(summary, _BOLD, color))
    return "\n\n".join(parts) + "\n" if parts else ""


def split_lines(text: str) -> list[str]:
    """Return the lines as editors count them: only a line feed ends one."""
    return text.replace("\r\n", "\n").split("\n")


def escape(text: str) -> str:
    """Return the text with control and bidirectional characters written out, lest a terminal obeys them."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character == "\t":
        return _TAB
    if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
        return character.encode("unicode_escape").decode("ascii")
    return character


def _cells(text: str) -> int:
    """Return how many terminal columns an escaped text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.category(c) in {"Mn", "Me"} else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def _paint(text: str, style: str, color: bool) -> str:
    return f"{style}{text}{_RESET}" if color and text else text


def _render(diagnostic: Diagnostic, lines: Mapping[str, Sequence[str]], color: bool, width: int) -> str:
    style = _COLORS[diagnostic.severity]
    head = _paint(f"{diagnostic.severity}[{diagnostic.code}]", style, color)
    out = [head + _paint(f": {escape(diagnostic.message)}", _BOLD, color)]
    span = diagnostic.span
    marks: list[tuple[Span, str, str, str]] = []  # span, underline character, text, style
    if span:
        own = [label for label in diagnostic.labels if label.span == span]
        marks.append((span, "^", ", ".join(label.text for label in own), style))
    marks += [(label.span, "-", label.text, _BLUE) for label in _others(diagnostic)]
    gutter = " " * max((len(str(mark[0].line)) for mark in marks), default=0)
    files = list(dict.fromkeys(mark[0].file for mark in marks))
    for number, file in enumerate(files):
        here = [mark for mark in marks if mark[0].file == file]
        arrow = "-->" if number == 0 and span else ":::"
        out.append(_paint(f"{gutter}{arrow}", _BLUE, color) + f" {escape(str(here[0][0]))}")
        if file in lines:
            out += _excerpt(here, lines[file], gutter, color, width)
    if diagnostic.help:
        first, *rest = diagnostic.help.split("\n")
        out.append(_paint(f"{gutter} =", _BLUE, color) + _paint(" help", _BOLD, color) + f": {escape(first)}")
        out += [f"{gutter}         {escape(line)}" for line in rest]
    return "\n".join(out)


def _others(diagnostic: Diagnostic) -> list[Label]:
    return [label for label in diagnostic.labels if label.span != diagnostic.span]


def _excerpt(
    marks: Sequence[tuple[Span, str, str, str]], lines: Sequence[str], gutter: str, color: bool, width: int
) -> list[str]:
    bar = _paint(f"{gutter} |", _BLUE, color)
    out = [bar]
    previous: int | None = None
    for line in sorted({mark[0].line for mark in marks if mark[0].line <= len(lines)}):
        if previous is not None and line > previous + 1:
            out.append(_paint("...", _BLUE, color))
        previous = line
        here = sorted((mark for mark in marks if mark[0].line == line), key=lambda mark: mark[1] == "-")
        source = lines[line - 1]
        start, stop = _window(source, here[0][0], width)
        shown = ("…" if start else "") + escape(source[start:stop]) + ("…" if stop < len(source) else "")
        number = str(line).rjust(len(gutter))
        out.append(f"{_paint(f'{number} |', _BLUE, color)} {shown}".rstrip())
        for span, character, text, style in here:
            left = min(max(span.column - 1, start), stop)
            right = span.end_column - 1 if span.end_line == line else len(source)
            right = min(max(right, left), stop)
            indent = " " * ((1 if start else 0) + _cells(escape(source[start:left])))
            run = character * max(1, _cells(escape(source[left:right])))
            out.append(f"{bar} {indent}" + _paint(f"{run} {escape(text)}".rstrip(), style, color))
    out.append(bar)
    return out


def _window(source: str, span: Span, width: int) -> tuple[int, int]:
    """Return the part of a line to show, in characters: all, or about `width` around the span's start."""
    if len(source) <= width:
        return 0, len(source)
    begin = span.column - 1
    length = span.end_column - span.column if span.end_line == span.line else width
    start = max(0, min(begin - max(10, (width - length) // 2), len(source) - width))
    return start, min(len(source), start + width)

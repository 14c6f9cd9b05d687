"""Lays out generated Python: a line that is too long is opened at its brackets, one item a line.

The result is what `ruff format` and Black would make of it, so that a user's own formatter changes nothing;
bringing one of them along would cost more than this. The meaning is checked: the syntax tree must be the
same.
"""

import ast
import io
import keyword
import tokenize
from collections.abc import Iterator

from mlopsc.diagnostics.errors import MlopscError

WIDTH = 100
_INDENT = "    "
_CLOSING = {"(": ")", "[": "]", "{": "}"}


def format_code(text: str) -> str:
    """Return the source with no line wider than 100 columns, as far as brackets allow it.

    Raises MlopscError when the source is no Python: a fault of the template that made it.
    """
    before = _tree(text)
    inside_strings = _continued(text)
    lines = [
        part
        for number, line in enumerate(text.splitlines(), start=1)
        for part in ([line] if number in inside_strings else _laid_out(line.rstrip()))
    ]
    formatted = "\n".join(lines).strip("\n") + "\n"
    if ast.dump(_tree(formatted)) != ast.dump(before):
        raise MlopscError("laying out generated code changed its meaning: this is a fault of mlopsc")
    return formatted


def _tree(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError) as error:
        raise MlopscError(f"generated code is no Python: {error}; this is a fault of mlopsc") from error


def _continued(text: str) -> frozenset[int]:
    """Return the numbers of the lines that a string of several lines covers."""
    return frozenset(
        line
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.STRING and token.start[0] != token.end[0]
        for line in range(token.start[0], token.end[0] + 1)
    )


def _laid_out(line: str) -> Iterator[str]:
    found = None if len(line) <= WIDTH or line.lstrip().startswith("#") else _bracket(line)
    if found is None:
        yield line
        return
    start, end, commas, trailing = found
    margin = line[: len(line) - len(line.lstrip())]
    yield line[: start + 1]
    ends = [*commas, end]
    items = [line[a + 1 : b].strip() for a, b in zip([start, *commas], ends, strict=True)]
    for number, item in enumerate(items):
        if item:
            last = number == len(items) - 1
            yield from _laid_out(margin + _INDENT + item + ("," if trailing or not last else ""))
    yield margin + line[end:]


def _bracket(line: str) -> tuple[int, int, list[int], bool] | None:
    """Find the pair of brackets to open: the last outermost one that holds something and may be opened.

    Returns its ends, the commas directly in it, and whether a comma may follow its last item.
    """
    tokens = _tokens(line)
    stack: list[tuple[int, bool]] = []
    declares = line.lstrip().startswith("def ")
    commas: list[int] = []
    comprehension = False
    found: tuple[int, int, list[int], bool] | None = None
    previous = ""
    for text, column in tokens:
        if text in _CLOSING:
            after_value = bool(previous) and (previous[-1].isalnum() or previous[-1] in "_)]\"'")
            after_value = after_value and not keyword.iskeyword(previous)
            if not stack:
                commas, comprehension = [], False
            stack.append((column, text == "[" and after_value))
        elif text in _CLOSING.values():
            if not stack:
                return None
            start, subscript = stack.pop()
            if not stack and not subscript and line[start + 1 : column].strip():
                found = (start, column, commas, not comprehension and (bool(commas) or declares))
        elif len(stack) == 1 and text == ",":
            commas.append(column)
        elif len(stack) == 1 and text == "for":
            comprehension = True
        previous = text
    return found if not stack else None


def _tokens(line: str) -> list[tuple[str, int]]:
    kept = (tokenize.NAME, tokenize.OP, tokenize.STRING, tokenize.NUMBER)
    stripped = line.lstrip()
    margin = len(line) - len(stripped)
    tokens = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(stripped).readline):
            if token.type == tokenize.COMMENT:
                return []
            if token.type in kept:
                tokens.append((token.string, token.start[1] + margin))
    except tokenize.TokenError:
        pass  # brackets that an earlier or later line closes: what was read until here is balanced or refused
    return tokens

"""The `${…}` in a text: where each stands and what it names."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_START = re.compile(r"\$\$\{|\$\{")
_BODY = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\.([A-Za-z_][A-Za-z0-9_]*)")


@dataclass(frozen=True, slots=True)
class Reference:
    """`text[start:end]` is `${namespace.name}`; with a `fault`, it cannot be read and both are empty."""

    start: int
    end: int
    namespace: str
    name: str
    fault: str = ""


def references(text: str) -> Iterator[Reference]:
    """Yield the references of a text in order, unreadable ones too; `$${` is none."""
    at = 0
    while found := _START.search(text, at):
        start, at = found.span()
        if found.group() == "$${":
            continue
        close = text.find("}", at)
        if close < 0 or "${" in text[at:close]:
            yield Reference(start, at, "", "", "a '${' that is never closed")
            continue
        body, end = text[at:close], close + 1
        at = end
        parts = _BODY.fullmatch(body)
        if parts is None:
            yield Reference(
                start, end, "", "", f"'${{{body}}}' is neither ${{vars.name}} nor ${{params.name}}"
            )
        elif parts.group(1) not in {"vars", "params"}:
            yield Reference(start, end, "", "", f"unknown namespace '{parts.group(1)}' in '${{{body}}}'")
        else:
            yield Reference(start, end, parts.group(1), parts.group(2))

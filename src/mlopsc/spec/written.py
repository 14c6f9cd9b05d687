"""A resolved spec as YAML text that reads well and is a spec again, each value with the place that it came from."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlopsc.diagnostics.render_text import escape
from mlopsc.spec.document import Document, Path
from mlopsc.spec.environments import Resolved
from mlopsc.spec.yaml_scalars import is_legacy_octal, plain_value
from mlopsc.vocabulary.references import references

_WIDTH = 100
_PLAIN = re.compile(r"[\w/.$][\w/.@+$(){}<>=*'-]*(?:[ :][\w/.@+$(){}<>=*'-]+)*")
_NO_FLOW = frozenset("{}")
_OLDER = re.compile(
    r"(?i:y|n|yes|no|on|off|[-+.]?(?:nan|inf))|[-+.]?[0-9][0-9_:,.]*|[0-9]{4}-[0-9]{1,2}-[0-9].*"
)
"""Text that readers of YAML 1.1 take for something else."""
_FURTHEST = 72
"""Where origins stand at most; behind longer lines they stand at once."""


@dataclass(frozen=True)
class Origins:
    """Where the values of a resolved spec were written."""

    original: Document
    resolved: Resolved
    environment: str | None = None
    overrides: Mapping[str, str] | None = None

    def of(self, path: Path) -> str:
        """Return `file:line` of a value, with the environment that it is of and the variables that made it."""
        document = self.resolved.document
        source = document.source_path(path)
        found = [self._place(source) + (f" ({source[1]})" if source[:1] == ("environments",) else "")]
        raw = self._raw(source)
        if isinstance(raw, str) and "${" in raw:
            names = dict.fromkeys(one.name for one in references(raw) if one.namespace == "vars")
            found += [f"vars.{name} {self._variable(name)}" for name in names]
        return ", ".join(found)

    def _place(self, source: Path) -> str:
        span = self.original.value_span(source)
        return f"{span.file}:{span.line}"

    def _variable(self, name: str) -> str:
        if name in (self.overrides or {}):
            return "--var"
        given: Path = ("environments", self.environment or "", "vars", name)
        if self.environment is not None and self._raw(given) is not None:
            return f"{self._place(given)} ({self.environment})"
        return self._place(("vars", name, "default"))

    def _raw(self, source: Path) -> Any:
        value: Any = self.original.value
        for part in source:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return None
        return value


def yaml_text(value: Mapping[str, Any], origins: Origins | None = None, *, at: Path = ()) -> str:
    """Return values as YAML text; with origins each ends with a comment that tells its own, aligned.

    `at` is the path of `value` in the spec, for its origins.
    """
    lines = list(_block(value, at, 0, origins))
    if origins is None:
        return "".join(f"{line}\n" for line, _ in lines)
    told = [len(line) for line, origin in lines if origin and len(line) <= _FURTHEST]
    column = max(told, default=0)
    return "".join(
        f"{line.ljust(column)}  # {escape(origin)}\n" if origin else f"{line}\n" for line, origin in lines
    )


def scalar(value: Any) -> str:
    """Return a scalar as YAML 1.2 spells it; text that could be taken for something else is quoted."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case float() if value != value:
            return ".nan"
        case float() if value in (float("inf"), float("-inf")):
            return ".inf" if value > 0 else "-.inf"
        case int() | float():
            return repr(value)
        case _:
            return _text(str(value))


def _text(text: str) -> str:
    plain = _PLAIN.fullmatch(text) and text.isascii() and not is_legacy_octal(text) and _means_itself(text)
    plain = plain and not _OLDER.fullmatch(text)
    return text if plain and not _NO_FLOW & set(text) and ": " not in text else _quoted(text)


def _means_itself(text: str) -> bool:
    try:
        return plain_value(text) == text and isinstance(plain_value(text), str)
    except ValueError:
        return False


def _quoted(text: str) -> str:
    spelt = json.dumps(text, ensure_ascii=False)
    return "".join(one if one.isprintable() else _code(one) for one in spelt)


def _code(character: str) -> str:
    number = ord(character)
    return f"\\U{number:08x}" if number > 0xFFFF else f"\\u{number:04x}"


Line = tuple[str, str]
"""A line and the origin of what stands in it, which may be empty."""


def _block(value: Any, path: Path, depth: int, origins: Origins | None) -> Iterator[Line]:
    indent = "  " * depth
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _entry(f"{indent}{_text(str(key))}:", item, (*path, key), depth, origins)
    else:
        for number, item in enumerate(value):
            yield from _item(item, (*path, number), depth, origins)


def _entry(head: str, value: Any, path: Path, depth: int, origins: Origins | None) -> Iterator[Line]:
    lines = _literal(value)
    if lines is not None:
        yield f"{head} {'|' if value.endswith(chr(10)) else '|-'}", _told(origins, path)
        yield from (("  " * (depth + 1) + line if line else "", "") for line in lines)
    elif (flow := _flow(value, path, len(head) + 1, origins)) is not None:
        yield f"{head} {flow}", _told(origins, path)
    else:
        yield head, ""
        yield from _block(value, path, depth + 1, origins)


def _item(value: Any, path: Path, depth: int, origins: Origins | None) -> Iterator[Line]:
    indent = "  " * depth
    if (flow := _flow(value, path, len(indent) + 2, origins)) is not None:
        yield f"{indent}- {flow}", _told(origins, path)
        return
    first = True
    for line, origin in _block(value, path, depth + 1, origins):
        yield (f"{indent}- {line[len(indent) + 2 :]}" if first else line), origin
        first = False


def _told(origins: Origins | None, path: Path) -> str:
    return "" if origins is None else origins.of(path)


def _literal(value: Any) -> list[str] | None:
    """Return the lines of a text that a literal block can hold as it is."""
    if not isinstance(value, str) or "\n" not in value or value[:1].isspace():
        return None
    lines = value.removesuffix("\n").split("\n")
    if not lines[-1]:
        return None
    sound = all(line == line.rstrip() and line.isprintable() for line in lines)
    return lines if sound else None


def _flow(value: Any, path: Path, used: int, origins: Origins | None) -> str | None:
    """Return a value on one line, None where it is better read in several."""
    if not isinstance(value, Mapping | list):
        return scalar(value)
    if not value:
        return "{}" if isinstance(value, Mapping) else "[]"
    if origins is not None and len(set(_places(value, path, origins))) > 1:
        return None
    items = value.values() if isinstance(value, Mapping) else value
    if any(isinstance(item, Mapping | list) for item in items) or any(_literal(item) for item in items):
        return None
    if isinstance(value, Mapping):
        if len(path) < 4:
            return None
        text = "{" + ", ".join(f"{_text(str(key))}: {scalar(item)}" for key, item in value.items()) + "}"
    else:
        text = "[" + ", ".join(map(scalar, value)) + "]"
    return text if used + len(text) <= _WIDTH else None


def _places(value: Any, path: Path, origins: Origins) -> Iterator[str]:
    entries = value.items() if isinstance(value, Mapping) else enumerate(value)
    for key, item in entries:
        if isinstance(item, Mapping | list) and item:
            yield from _places(item, (*path, key), origins)
        else:
            yield origins.of((*path, key))

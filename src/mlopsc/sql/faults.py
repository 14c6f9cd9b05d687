"""A fault in a user's SQL: what is wrong in plain words, and where, in characters of the text given."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mlopsc.diagnostics.suggest import nearest

FaultKind = Literal["syntax", "binder", "type", "unsafe", "shape", "engine"]

_TOKEN = re.compile(r"\w+|'(?:[^']|'')*'|\S")
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
_INTERNAL = re.compile(r"\b(?:INTEGER_LITERAL|STRING_LITERAL|INT8|INT16|INT32|INT64)\b")
_SQL_NAMES = {"STRING_LITERAL": "VARCHAR", "INT8": "TINYINT", "INT16": "SMALLINT", "INT64": "BIGINT"}


@dataclass(frozen=True, slots=True)
class SqlFault:
    """One mistake; `offset_chars` and `length_chars` select it in the text, `candidates` are likely meanings.

    The kinds: `syntax` does not parse; `binder` names something unknown; `type` mixes types or holds an
    impossible constant; `unsafe` could change, read or vary with something outside the declared tables;
    `shape` is sound SQL of a form that cannot stand here; `engine` is sound SQL that the engine cannot compute.
    """

    kind: FaultKind
    message: str
    offset_chars: int
    length_chars: int
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Placement:
    """A user's text inside a larger statement, at each of the byte offsets `starts`."""

    text: str
    starts: tuple[int, ...] = (0,)

    def relative(self, position: int) -> int:
        """Return the byte offset within the text of a byte offset within the statement."""
        start = max((s for s in self.starts if s <= position), default=self.starts[0])
        return min(max(position - start, 0), len(self.text.encode()))

    def span(self, position: int | None, length: int = 0) -> tuple[int, int]:
        """Return offset and length in characters of what DuckDB locates in bytes; None is the whole text."""
        if position is None or position > 2**62:
            return 0, len(self.text)
        data, start = self.text.encode(), self.relative(position)
        offset = len(data[:start].decode(errors="ignore"))
        chars = len(data[start : start + length].decode(errors="ignore"))
        if not chars and (token := _TOKEN.match(self.text, offset)):
            chars = len(token[0])
        return offset, chars

    def fault(
        self,
        kind: FaultKind,
        message: str,
        position: int | None = None,
        length: int = 0,
        candidates: Sequence[str] = (),
    ) -> SqlFault:
        """Return a fault at a byte range of the statement."""
        offset, chars = self.span(position, length)
        return SqlFault(kind, message, offset, chars, tuple(candidates))


def error_details(error: BaseException) -> dict[str, Any]:
    """Return what DuckDB says about an error as its `errors_as_json` fields."""
    text = str(error)
    try:
        details = json.loads(text[text.index("{") :])
    except ValueError:
        details = {}
    if not isinstance(details, dict) or "exception_message" not in details:
        return {"exception_type": type(error).__name__.removesuffix("Exception"), "exception_message": text}
    return details


def error_position(details: dict[str, Any]) -> tuple[int | None, int]:
    """Return the byte offset and length that DuckDB gives, offset None when it gives none."""
    try:
        offset, length = json.loads(details["location"])
    except (KeyError, ValueError, TypeError):
        position = str(details.get("position", ""))
        return (int(position) if position.isdigit() else None), 0
    return int(offset), int(length)


def fault_from(
    details: dict[str, Any], place: Placement, tables: Mapping[str, Collection[str]], *, per_row: bool
) -> SqlFault:
    """Turn DuckDB's error into a fault; `tables` are the visible columns by table, for did-you-mean.

    `per_row` says that the text is an expression over one row, where aggregates and windows cannot stand.
    """
    position, length = error_position(details)
    kind, message, candidates = _words(details, place, position, tables, per_row)
    return place.fault(kind, message, position, length, candidates)


def _words(
    details: dict[str, Any],
    place: Placement,
    position: int | None,
    tables: Mapping[str, Collection[str]],
    per_row: bool,
) -> tuple[FaultKind, str, tuple[str, ...]]:
    message = details.get("exception_message") or details.get("error_message", "")
    category = str(details.get("exception_type") or details.get("error_type", "")).lower()
    names = [name.replace('""', '"') for name in _QUOTED.findall(message)]
    columns = sorted({column for table in tables.values() for column in table})
    name = str(details.get("name", "")) or (names[0] if names else "")
    if "max expression depth" in message.lower():
        return "syntax", "the SQL is nested too deeply", ()
    if category == "parser":
        return "syntax", _syntax(message, place, position), ()
    if details.get("error_subtype") == "COLUMN_NOT_FOUND":
        return "binder", f"unknown column '{name}'", _candidates(name, columns)
    if message.startswith("Table ") and " does not have a column named " in message and len(names) > 1:
        owner = tables.get(names[0], columns)
        return "binder", f"'{names[0]}' has no column '{names[1]}'", _candidates(names[1], owner)
    if message.startswith("Referenced table "):
        return "binder", f"unknown table '{name}'", _candidates(name, tables)
    if details.get("error_subtype") == "MISSING_ENTRY":
        what = "table" if details.get("type") == "Table" else "function"
        choices = tables if what == "table" else str(details.get("candidates", "")).split(",")
        return "binder", f"unknown {what} '{name}'", _candidates(name, choices)
    if details.get("error_subtype") == "NO_MATCHING_FUNCTION":
        return "type", f"no function takes these arguments: {_plain(str(details.get('call', name)))}", ()
    if per_row and "cannot contain aggregates" in message:
        return "shape", "an aggregate cannot stand here: the expression sees one row at a time", ()
    if per_row and "cannot contain window functions" in message:
        return "shape", "a window function cannot stand here: the expression sees one row at a time", ()
    if message.startswith("UNNEST not supported"):
        return "shape", "unnest cannot stand here: it makes several rows of one", ()
    if category in ("conversion", "invalid input") or message.startswith("Cannot compare values"):
        return "type", _plain(message), ()
    return "binder", _plain(message), ()


def _syntax(message: str, place: Placement, position: int | None) -> str:
    if position is not None and place.relative(position) >= len(place.text.rstrip().encode()):
        return "syntax error: the SQL ends too early"
    return _plain(message).replace("at or near ", "at ").replace('"', "'")


def _plain(message: str) -> str:
    line = _INTERNAL.sub(
        lambda match: _SQL_NAMES.get(match[0], "INTEGER"), message.split("\n", 1)[0].rstrip("!. ")
    )
    return line[:1].lower() + line[1:] if line[1:2].islower() else line


def _candidates(name: str, choices: Collection[str]) -> tuple[str, ...]:
    found = nearest(name, choices)
    return (found,) if found else ()

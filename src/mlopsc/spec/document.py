"""A YAML file as plain values that remember where they stand in the text.

Made by `yaml_load`. Places are offsets of the parser's nodes, turned into lines and columns when they are
asked for, which is when there is something to say.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import Any, TypeAlias

import yaml

from mlopsc.diagnostics.diagnostic import Diagnostic, Span
from mlopsc.spec.yaml_scalars import source_offsets

Path: TypeAlias = tuple[str | int, ...]
"""The keys and list positions that lead from the root to a value."""

_BLOCK = 8192
_PROPERTY = re.compile(r"[&!][^\s,\[\]{}]*(?:\s|#[^\r\n]*[\r\n])*")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a resolved text that came of a `${…}`: where it stands now, and where the `${…}` stood."""

    start: int
    end: int
    source_start: int
    source_end: int


@dataclass(frozen=True, eq=False)
class Document:
    """Values with their places. Places are worked out only when somebody asks for one.

    `value` holds dicts, lists, str, int, float, bool and None. When the text could not be read, it is empty
    and `diagnostics` says why. `origins` tells of values that an environment put in the place of others,
    `pieces` of texts that variables were put into; both by path.
    """

    file: str
    text: str
    value: dict[str, Any]
    root: yaml.Node | None = field(repr=False, default=None)
    diagnostics: tuple[Diagnostic, ...] = ()
    origins: Mapping[Path, Path] = field(default_factory=dict)
    pieces: Mapping[Path, tuple[Piece, ...]] = field(default_factory=dict)

    def key_span(self, path: Path) -> Span:
        """Return the place of the key at a path; for a list's entry, that of its first token."""
        key, node = self._nodes(self.source_path(path))
        return self.node_span(key if key is not None else node)

    def value_span(self, path: Path) -> Span:
        """Return the place of a scalar or of a bracketed list or map; else that of the key.

        A path that leads nowhere gets the place of the last part that exists.
        """
        key, node = self._nodes(self.source_path(path))
        blank = node is None or node.start_mark.index == node.end_mark.index
        in_block = isinstance(node, yaml.CollectionNode) and not node.flow_style
        return self.node_span(key if key is not None and (blank or in_block) else node)

    def span(self, path: Path) -> Span:
        """Return the place for a fault of the whole entry at a path: its key, else its first token."""
        return self.key_span(path)

    def scalar_span(self, path: Path, start: int, length: int) -> Span:
        """Return the place of `length` characters at `start` of the text value at a path.

        Offsets count characters of the value, not of its spelling: quotes, escapes, folding and what
        variables put in are allowed for. A stretch that touches what a `${…}` put in covers that `${…}`.
        """
        source = self.source_path(path)
        key, node = self._nodes(source)
        if not isinstance(node, yaml.ScalarNode):
            return self.node_span(key if key is not None else node)
        start, stop = _before_substitution(self.pieces.get(path, ()), start, start + max(length, 1))
        begin, end = self._scalar_bounds(node)
        offsets = source_offsets(self.text, node.style or "", node.value, begin, end)
        if not offsets or start >= len(offsets):
            last = offsets[-1][1] if offsets else begin
            return self.at(last, last + 1)
        stop = min(max(stop, start + 1), len(offsets))
        first = next((pair for pair in offsets[start:stop] if pair[0] < pair[1]), offsets[start])
        return self.at(first[0], max(offsets[stop - 1][1], first[1]))

    def at(self, start: int, end: int) -> Span:
        """Return the place of a stretch of the text, given in characters from its beginning."""
        end = max(start, min(end, len(self.text)))
        line, column = self._line_and_column(start)
        last_line, last_column = self._line_and_column(max(start, end - 1))
        return Span(self.file, line, column, last_line, last_column + (end > start))

    def source_path(self, path: Path) -> Path:
        """Return where in the file the value at a path of `value` was written."""
        if self.origins:
            for length in range(len(path), 0, -1):
                if (origin := self.origins.get(path[:length])) is not None:
                    return origin + path[length:]
        return path

    def _line_and_column(self, offset: int) -> tuple[int, int]:
        """Count from the last block boundary; a table of all lines would cost more than it saves."""
        block = offset // _BLOCK
        line = self._lines_before[block] + self.text.count("\n", block * _BLOCK, offset)
        return line + 1, offset - self.text.rfind("\n", 0, offset)

    @cached_property
    def _lines_before(self) -> list[int]:
        blocks = range(0, len(self.text), _BLOCK)
        return [0, *accumulate(self.text.count("\n", at, at + _BLOCK) for at in blocks)]

    @cached_property
    def _children(self) -> dict[int, dict[str, tuple[yaml.ScalarNode, yaml.Node]]]:
        return {}

    def _nodes(self, path: Path) -> tuple[yaml.ScalarNode | None, yaml.Node | None]:
        """Return the key and value nodes at a path, or of the last part of it that exists."""
        key: yaml.ScalarNode | None = None
        node = self.root
        for part in path:
            if isinstance(node, yaml.MappingNode):
                children = self._children.get(id(node))
                if children is None:
                    children = {k.value: (k, v) for k, v in reversed(node.value)}  # the first of duplicates
                    self._children[id(node)] = children
                found = children.get(part) if isinstance(part, str) else None
                if found is None:
                    break
                key, node = found
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
                key, node = None, node.value[part]
            else:
                break
        return key, node

    def node_span(self, node: yaml.Node | None) -> Span:
        """Return the place of a node; for a block, that of its first token."""
        while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
            first = node.value[0]
            node = first[0] if isinstance(first, tuple) else first
        if node is None:
            return self.at(0, 0)
        if isinstance(node, yaml.ScalarNode):
            return self.at(*self._scalar_bounds(node))
        return self.at(self._content_start(node), node.end_mark.index)

    def _scalar_bounds(self, node: yaml.ScalarNode) -> tuple[int, int]:
        begin, end = self._content_start(node), int(node.end_mark.index)
        if node.style in ("|", ">"):  # their end mark runs to the next token
            end = begin + len(self.text[begin:end].rstrip())
        return begin, end

    def _content_start(self, node: yaml.Node) -> int:
        """Return where a node starts behind its anchor and tag."""
        start, end = int(node.start_mark.index), int(node.end_mark.index)
        while property_ := _PROPERTY.match(self.text, start, end):
            start = property_.end()
        return start


def _before_substitution(pieces: tuple[Piece, ...], start: int, stop: int) -> tuple[int, int]:
    """Return the stretch of the written text that became `[start, stop)` of the resolved one."""
    shift = 0  # how much longer the resolved text is, up to the piece at hand
    for piece in pieces:
        if piece.end <= start:
            shift = piece.end - piece.source_end
        elif piece.start <= start:
            stop = max(stop, piece.end)
            return piece.source_start, _before(pieces, stop)
    return start - shift, _before(pieces, stop)


def _before(pieces: tuple[Piece, ...], stop: int) -> int:
    shift = 0
    for piece in pieces:
        if piece.end <= stop:
            shift = piece.end - piece.source_end
        elif piece.start < stop:
            return piece.source_end
    return stop - shift

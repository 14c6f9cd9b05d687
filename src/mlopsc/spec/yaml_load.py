"""From the text of a YAML file to a `Document`.

The rules are those of YAML 1.2's core schema on a YAML 1.1 parser: `1e-4` is a number; `no`, `on`, `12:30:45`
and dates are text. What a spec has no use for, and what attacks use, is refused with its place: tags,
duplicate keys, merge keys, keys that are not text, further documents, too much size, depth, or repetition by
aliases.
"""

import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path as FilePath
from typing import Any

import yaml

from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic, Label
from mlopsc.spec.document import Document
from mlopsc.spec.yaml_scalars import is_legacy_octal, plain_value
from mlopsc.spec.yaml_syntax import explain_syntax

MAX_BYTES = 5_000_000
MAX_DEPTH = 64
MAX_NODES = 300_000
"""Keys, values, lists and maps; 50,000 lines have some 200,000. Each takes about 450 bytes."""
MAX_ALIASED = 10_000
"""Nodes that aliases may repeat, all together."""
MAX_FAULTS = 100
"""Faults after which the rest of a file is not looked at."""

_UNPRINTABLE = re.compile(
    "\r(?!\n)|[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


def load_document(path: FilePath, *, name: str | None = None) -> Document:
    """Read a file; `name` is how diagnostics call it (by default, the path as given). Never raises."""
    file = name if name is not None else str(path)
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        fault = report(
            "MLC001",
            f"cannot read {file}: {error.strerror or error}",
            help="name another file, or run in the folder that holds mlops.yaml",
        )
        return Document(file, "", {}, diagnostics=(fault,))
    if len(data) > MAX_BYTES:
        return _unread(
            file, "", "MLC010", f"the file is larger than {MAX_BYTES:,} bytes", 0, 0, "keep data out of it"
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig")
        return _unread(
            file,
            before,
            "MLC002",
            f"the byte {data[error.start]:#04x} is not UTF-8",
            len(before),
            len(before),
            "save the file as UTF-8",
        )
    del data  # the limit on size is also one on memory
    return parse_document(text, file)


def parse_document(text: str, file: str = "mlops.yaml") -> Document:
    """Return the values of a YAML text with their places, and what is wrong with it. Never raises."""
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_BYTES:
        return _unread(
            file, "", "MLC010", f"the text is longer than {MAX_BYTES:,}", 0, 0, "keep data out of it"
        )
    if found := _UNPRINTABLE.search(text):
        return _unread(
            file,
            text,
            "MLC003",
            f"the character U+{ord(found.group()):04X} cannot stand in YAML",
            found.start(),
            found.end(),
            "remove it, or write it as an escape in double quotes",
        )
    with without_collector():
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
        except _Limit as limit:
            return _unread(file, text, limit.code, limit.message, limit.at, limit.at + 1, limit.help)
        except yaml.YAMLError as error:
            return _syntax_fault(file, text, error)
        return _Builder(file, text, root).document()


class _Limit(Exception):
    def __init__(self, code: str, message: str, at: int, help: str) -> None:
        self.code, self.message, self.at, self.help = code, message, at, help


class _Enough(Exception):
    """There are as many faults as anybody reads."""


class _Loader(yaml.CSafeLoader):
    """Composes nodes without resolving tags: an implicit one is empty, so only explicit ones show."""

    depth = 0
    nodes = 0

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:  # noqa: ARG002
        return ""

    def descend_resolver(self, parent: yaml.Node | None, index: Any) -> None:  # noqa: ARG002
        self.nodes += 1
        self.depth += 1
        if self.depth > MAX_DEPTH or self.nodes > MAX_NODES:
            at = parent.start_mark.index if parent is not None else 0
            if self.depth > MAX_DEPTH:
                raise _Limit(
                    "MLC011", f"more than {MAX_DEPTH} levels of lists and maps", at, "flatten this value"
                )
            raise _Limit("MLC010", f"more than {MAX_NODES:,} values in the file", at, "keep data out of it")

    def ascend_resolver(self) -> None:
        self.depth -= 1


class _Builder:
    """Makes values of nodes; goes on after a fault that leaves the rest readable."""

    def __init__(self, file: str, text: str, root: yaml.Node | None) -> None:
        self.shell = Document(file, text, {}, root)
        self.found: list[Diagnostic] = []
        self.plain: dict[str, Any] = {}
        self.has_aliases = "&" in text and "*" in text
        self.open: dict[int, None] = {}
        self.sizes: dict[int, int] = {}
        self.count = self.aliased = 0

    def document(self) -> Document:
        shell = self.shell
        root = shell.root
        if not isinstance(root, yaml.MappingNode):
            self._fault(
                "MLC013",
                "the file is empty" if root is None else "the file does not hold a map of sections",
                root,
                "start with 'apiVersion: mlopsc/v1'; 'key: value' needs a space after the ':'",
            )
            return Document(shell.file, shell.text, {}, diagnostics=tuple(self.found))
        try:
            if "!" in shell.text:
                self._refuse_tags()
            value = self.build(root)
        except _Enough:
            return Document(shell.file, shell.text, {}, root, tuple(self.found))
        except _Limit as limit:
            return _unread(
                shell.file, shell.text, limit.code, limit.message, limit.at, limit.at + 1, limit.help
            )
        return Document(shell.file, shell.text, value, root, tuple(self.found))

    def build(self, node: yaml.Node) -> Any:
        if node.__class__ is yaml.ScalarNode:
            return node.value if node.style else self._plain(node)
        if self.has_aliases:
            self._enter(node)
        before = self.count
        self.count += 1 + len(node.value)
        if node.__class__ is yaml.SequenceNode:
            value: Any = [self.build(item) for item in node.value]
        else:
            value = self._mapping(node)
        if self.has_aliases:
            del self.open[id(node)]
            self.sizes[id(node)] = self.count - before
        return value

    def _mapping(self, node: yaml.Node) -> dict[str, Any]:
        result: dict[str, Any] = {}
        plain, build = self.plain, self.build
        for key_node, value_node in node.value:
            key = key_node.value
            if key_node.__class__ is not yaml.ScalarNode or not (
                key_node.style or plain.get(key) is key or self._plain(key_node) == key
            ):
                self._bad_key(key_node)
            elif key in result:
                first = next(k for k, _ in node.value if k.value == key)
                label = Label(self.shell.node_span(first), "first defined here")
                self._fault(
                    "MLC005", f"duplicate key '{key}'", key_node, "keep one of the two, or rename one", label
                )
            elif key == "<<" and not key_node.style:
                self._fault(
                    "MLC009",
                    "merge keys are not supported",
                    key_node,
                    "write the keys out, or use 'environments'",
                )
            else:
                result[key] = build(value_node)
        return result

    def _plain(self, node: yaml.Node) -> Any:
        text = node.value
        if text in self.plain:
            return self.plain[text]
        try:
            value = plain_value(text)
        except ValueError as error:
            self._fault(
                "MLC015", f"number too large: {error}", node, "use .inf, or write it in quotes as text"
            )
            return None
        if is_legacy_octal(text):
            self._fault(
                "MLC014",
                f"{text} is the decimal number {value}, not an octal one",
                node,
                f"write {value}, or 0o{text.lstrip('+-0') or '0'} if octal is meant, or quote it as text",
            )
            return value  # not remembered: each place is worth its warning
        self.plain[text] = value
        return value

    def _bad_key(self, node: yaml.Node) -> None:
        if isinstance(node, yaml.ScalarNode):
            shown = node.value or "(nothing)"
            self._fault("MLC008", f"the key {shown} is not text", node, f"write it in quotes: '{node.value}'")
        else:
            self._fault("MLC008", "a list or map cannot be a key", node, "quote it if it is text")

    def _enter(self, node: yaml.Node) -> None:
        """Count what aliases repeat; a node that was met before is one that an alias leads to."""
        at = node.start_mark.index
        if id(node) in self.open:
            raise _Limit("MLC012", "an alias inside its own anchor", at, "write the value out")
        if len(self.open) > MAX_DEPTH:
            raise _Limit("MLC011", f"more than {MAX_DEPTH} levels through aliases", at, "flatten this value")
        self.aliased += self.sizes.get(id(node), 0)
        if self.aliased > MAX_ALIASED:
            raise _Limit(
                "MLC012", f"aliases repeat more than {MAX_ALIASED:,} values", at, "write the values out"
            )
        self.open[id(node)] = None

    def _refuse_tags(self) -> None:
        for start, end in _tags(self.shell.text):
            self._add(
                report(
                    "MLC006",
                    f"the tag '{self.shell.text[start:end]}' is not allowed",
                    self.shell.at(start, end),
                    help="remove it; put the value in quotes if it starts with '!'",
                )
            )

    def _fault(self, code: str, message: str, node: yaml.Node | None, help: str, *labels: Label) -> None:
        self._add(report(code, message, self.shell.node_span(node), help=help, labels=labels))

    def _add(self, diagnostic: Diagnostic) -> None:
        self.found.append(diagnostic)
        if len(self.found) >= MAX_FAULTS:
            raise _Enough


def _tags(text: str) -> Iterator[tuple[int, int]]:
    loader = yaml.CSafeLoader(text)
    while loader.check_token():
        token = loader.get_token()
        if isinstance(token, yaml.TagToken):
            yield token.start_mark.index, token.end_mark.index


@contextmanager
def without_collector() -> Iterator[None]:
    """Nodes and values form no garbage, yet their number would keep the collector busy most of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _syntax_fault(file: str, text: str, error: yaml.YAMLError) -> Document:
    fault = explain_syntax(error, text)
    shell = Document(file, text, {})
    labels: tuple[Label, ...] = ()
    if fault.related:
        at, label = fault.related
        labels = (Label(shell.at(at, at + 1), label),)
    code = "MLC007" if fault.several_documents else "MLC004"
    diagnostic = report(code, fault.message, shell.at(fault.start, fault.end), help=fault.help, labels=labels)
    return Document(file, text, {}, diagnostics=(diagnostic,))


def _unread(file: str, text: str, code: str, message: str, start: int, end: int, help: str) -> Document:
    diagnostic = report(code, message, Document(file, text, {}).at(start, end), help=help)
    return Document(file, text, {}, diagnostics=(diagnostic,))

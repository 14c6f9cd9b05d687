"""A page read back: its elements, its text, what it would load."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = frozenset({"meta", "link", "img", "br", "hr", "input"})


@dataclass
class Read:
    """What a parser found."""

    tags: set[str] = field(default_factory=set)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    """(element, attribute, value)."""
    sections: dict[str, str] = field(default_factory=dict)
    """Section's id → its text, blanks put together."""
    text: str = ""
    unclosed: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.read = Read()
        self._open: list[tuple[str, str | None]] = []
        self._parts: dict[str | None, list[str]] = {None: []}

    def handle_starttag(self, tag, attrs):
        given = {name: value or "" for name, value in attrs}
        self.read.tags.add(tag)
        self.read.attributes += [(tag, name, value) for name, value in given.items()]
        if "id" in given:
            self.read.ids.append(given["id"])
        if tag not in _VOID:
            self._open.append((tag, given.get("id") if tag in ("section", "header") else None))

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._open.pop()

    def handle_endtag(self, tag):
        opened, _ = self._open.pop()
        if opened != tag:
            self.read.unclosed.append(f"<{opened}> ends with </{tag}>")

    def handle_data(self, data):
        if any(tag in ("style", "title", "desc") for tag, _ in self._open):
            return
        section = next((name for tag, name in reversed(self._open) if name), None)
        self._parts.setdefault(section, []).append(data)
        self._parts[None].append(data) if section else None

    def finished(self) -> Read:
        self.read.unclosed += [f"<{tag}>" for tag, _ in self._open]
        said = {name: " ".join(" ".join(parts).split()) for name, parts in self._parts.items()}
        self.read.text = said.pop(None)
        self.read.sections = {str(name): text for name, text in said.items()}
        return self.read


def read(page: str) -> Read:
    """Parse a page."""
    parser = _Parser()
    parser.feed(page)
    parser.close()
    return parser.finished()

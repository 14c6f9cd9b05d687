"""A card as Markdown: every text is written so that it is read as text, never as markup."""

import re
from collections.abc import Iterator

from mlopsc.figures.charts.svg import visible
from mlopsc.reporting.cards.card import Card
from mlopsc.reporting.cards.parts import NOT_DECLARED, Section, Table

_SPECIAL = re.compile(r"[\\`*\[\]|~]|(?<!\w)_|_(?!\w)|^[#>+=-](?=[\s#>+=-]|$)")
_NUMBERED = re.compile(r"^(\d+)([.)])(?=\s|$)")
_ENTITIES = {"&": "&amp;", "<": "&lt;"}


def as_markdown(card: Card) -> str:
    """Return the card as one document of CommonMark with tables."""
    return "\n".join(_document(card)) + "\n"


def _document(card: Card) -> Iterator[str]:
    yield f"# Model card: {_text(card.name)}"
    yield ""
    if card.about:
        yield from (_text(card.about), "")
    yield f"**{_text(card.status.word)}**: {_text(card.verdict)}"
    for section in card.sections:
        yield from _section(section)
    yield ""
    yield "Written by mlopsc from what was declared, measured and recorded; what is not declared is said to be so."


def _section(section: Section) -> Iterator[str]:
    yield ""
    yield f"## {_text(section.heading)}"
    yield ""
    yield f"*{_text(section.answers)}*"
    if section.declared or section.facts:
        yield ""
    for one in section.declared:
        if one.texts is None:
            yield f"- **{_text(one.heading)}**: {NOT_DECLARED}"
        elif len(one.texts) == 1:
            yield f"- **{_text(one.heading)}**: {_text(one.texts[0])}"
        else:
            yield f"- **{_text(one.heading)}**:"
            yield from (f"    - {_text(text)}" for text in one.texts)
    for fact in section.facts:
        yield f"- **{_text(fact.name)}**: {_text(fact.value)}"
    for table in section.tables:
        yield from ("", *_table(table))
    for remark in section.remarks:
        yield from ("", _text(remark))


def _table(table: Table) -> Iterator[str]:
    if not table.rows:
        yield _text(table.nothing)
        return
    yield f"{_text(table.caption)}:"
    yield ""
    yield _row(table.headings)
    yield _row(("---",) * len(table.headings), written=True)
    yield from (_row(row) for row in table.rows)


def _row(cells: tuple[str, ...], *, written: bool = False) -> str:
    return "| " + " | ".join(cell if written else _text(cell) for cell in cells) + " |"


def _text(text: str) -> str:
    """Return a text on one line, in which nothing is markup."""
    line = " ".join(str(visible(text)).split())
    escaped = _NUMBERED.sub(r"\1\\\2", _SPECIAL.sub(lambda found: f"\\{found.group()}", line))
    return "".join(_ENTITIES.get(letter, letter) for letter in escaped)

"""A card as Markdown: every text is written so that it is read as text, never as markup."""

from collections.abc import Iterator

from mlopsc.pages.markdown import plain
from mlopsc.reporting.cards.card import Card
from mlopsc.reporting.cards.parts import NOT_DECLARED, Section, Table


def as_markdown(card: Card) -> str:
    """Return the card as one document of CommonMark with tables."""
    return "\n".join(_document(card)) + "\n"


def _document(card: Card) -> Iterator[str]:
    yield f"# Model card: {plain(card.name)}"
    yield ""
    if card.about:
        yield from (plain(card.about), "")
    yield f"**{plain(card.status.word)}**: {plain(card.verdict)}"
    for section in card.sections:
        yield from _section(section)
    yield ""
    yield "Written by mlopsc from what was declared, measured and recorded; what is not declared is said to be so."


def _section(section: Section) -> Iterator[str]:
    yield ""
    yield f"## {plain(section.heading)}"
    yield ""
    yield f"*{plain(section.answers)}*"
    if section.declared or section.facts:
        yield ""
    for one in section.declared:
        if one.texts is None:
            yield f"- **{plain(one.heading)}**: {NOT_DECLARED}"
        elif len(one.texts) == 1:
            yield f"- **{plain(one.heading)}**: {plain(one.texts[0])}"
        else:
            yield f"- **{plain(one.heading)}**:"
            yield from (f"    - {plain(text)}" for text in one.texts)
    for fact in section.facts:
        yield f"- **{plain(fact.name)}**: {plain(fact.value)}"
    for table in section.tables:
        yield from ("", *_table(table))
    for remark in section.remarks:
        yield from ("", plain(remark))


def _table(table: Table) -> Iterator[str]:
    if not table.rows:
        yield plain(table.nothing)
        return
    yield f"{plain(table.caption)}:"
    yield ""
    yield _row(table.headings)
    yield _row(("---",) * len(table.headings), written=True)
    yield from (_row(row) for row in table.rows)


def _row(cells: tuple[str, ...], *, written: bool = False) -> str:
    return "| " + " | ".join(cell if written else plain(cell) for cell in cells) + " |"

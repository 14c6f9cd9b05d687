"""Model cards: what is declared and what was measured of a registered version, in Markdown and HTML."""

from mlopsc.reporting.cards.card import Card, card_of
from mlopsc.reporting.cards.markdown import as_markdown
from mlopsc.reporting.cards.page import as_html

__all__ = ["Card", "as_html", "as_markdown", "card_of"]

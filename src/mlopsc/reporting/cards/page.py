"""A card as one HTML page that needs nothing else, with the plots of the evaluation."""

from collections.abc import Iterator

from mlopsc.reporting.cards.card import Card
from mlopsc.reporting.environment import template
from mlopsc.reporting.evaluated import slice_figures
from mlopsc.reporting.explained import explanation_figures
from mlopsc.reporting.figures import Figure, figures


def as_html(card: Card) -> str:
    """Return the card as a document that loads nothing and runs no script."""
    return template("card.html.j2").render(page=card, plots=tuple(_plots(card)))


def _plots(card: Card) -> Iterator[Figure]:
    judged = card.judged
    if judged.curves is not None:
        yield from figures(judged.curves)
    yield from slice_figures(judged.metrics)
    if judged.explanation is not None:
        yield from explanation_figures(judged.explanation)

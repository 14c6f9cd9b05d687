"""A card as one HTML page that needs nothing else, with the plots of the evaluation."""

from mlopsc.figures import training_figures
from mlopsc.pages.environment import template
from mlopsc.reporting.cards.card import Card


def as_html(card: Card) -> str:
    """Return the card as a document that loads nothing and runs no script."""
    judged = card.judged
    plots = tuple(training_figures(judged.metrics, judged.curves, judged.explanation))
    return template("card.html.j2").render(page=card, plots=plots)

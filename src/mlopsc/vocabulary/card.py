"""What only people can say of a model, for its card: what it is for, whom it concerns, where it ends."""

from typing import Annotated

from pydantic import StringConstraints

from mlopsc.vocabulary.base import Frozen

_Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class Card(Frozen):
    """Declarations for a model's card (Mitchell et al. 2019; points of Annex IV of Regulation (EU) 2024/1689)."""

    intended_use: _Text | None = None
    """What the model is for."""
    intended_users: tuple[_Text, ...] = ()
    """Who is to use it."""
    out_of_scope: tuple[_Text, ...] = ()
    """Uses that it is not made for."""
    affected: tuple[_Text, ...] = ()
    """Persons and groups whom its decisions concern."""
    data: _Text | None = None
    """Where the data come from: how, when and why they were collected, what is known to be wrong with them."""
    limitations: tuple[_Text, ...] = ()
    """Where it is known to fail, or was never tried."""
    ethical_considerations: tuple[_Text, ...] = ()
    """What was weighed: harms, fairness, privacy."""
    risks: tuple[_Text, ...] = ()
    """Risks to health, safety or fundamental rights, and what is done about them."""
    human_oversight: _Text | None = None
    """Who watches over it, and how a decision is stopped or corrected."""
    contacts: tuple[_Text, ...] = ()
    """Whom to ask and to whom to complain."""
    licence: _Text | None = None
    """Under which terms it may be used."""
    references: tuple[_Text, ...] = ()
    """Papers, documents, tickets."""

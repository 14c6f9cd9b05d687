"""The `registry` section: models, their ordered stages, and the gates that guard each stage."""

from typing import Annotated

from pydantic import Field

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.card import Card
from mlopsc.vocabulary.names import Name


class Stage(Frozen):
    """A place that at most one version of a model holds."""

    gates: tuple[Name, ...] = ()
    """All must pass before a version may hold the stage."""


class Model(Frozen):
    """A registered model; the order of its stages is the order of promotion."""

    training: Name
    description: str | None = None
    card: Card | None = None
    """What only people can say of the model; kept with each version, and told by `mlopsc card`."""
    stages: Annotated[dict[Name, Stage], Field(min_length=1)]

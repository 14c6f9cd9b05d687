"""What an evaluation's page and a model card are made of: a training with all that is known of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlopsc.runtime.journal import Run
    from mlopsc.runtime.recipe import Recipe
    from mlopsc.runtime.registry import Holder, LedgerEntry, Version
    from mlopsc.spec.spec import Spec

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Judged:
    """A training's evaluation with all that stands around it; what is not known is None or empty."""

    project: str
    training: str
    metrics: Document
    """The evaluation's numbers."""
    curves: Document | None = None
    explanation: Document | None = None
    decisions: tuple[Document, ...] = ()
    """Of its gates."""
    datasets: tuple[Document, ...] = ()
    """Validation reports of the datasets behind it."""
    split: Document | None = None
    """Rows of both parts, and what was found of leaks; a version does not keep it."""
    signature: Document | None = None
    """Of the model that was judged."""
    said: Document | None = None
    """What the spec says of the training: estimator, params, split, population and all else, by the spec's keys."""
    environment: Document | None = None
    """What the model was made in."""
    run: "Run | None" = None
    version: "Version | None" = None
    holders: "tuple[Holder, ...]" = ()
    """Stages that the version holds now."""
    entries: "tuple[LedgerEntry, ...]" = ()
    """The ledger's entries about the version, oldest first."""
    recipe: "Recipe | None" = None
    spec: "Spec | None" = None
    """What the version was made by, as it was then."""
    unread: tuple[str, ...] = ()
    """Why something cannot be shown, in sentences."""

    @property
    def name(self) -> str:
        """The version's reference, or the training's name."""
        return self.training if self.version is None else self.version.name

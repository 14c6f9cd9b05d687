"""A feature view of an existing Feast repository as a source."""

from typing import Annotated, Literal

from pydantic import StringConstraints, model_validator

from mlopsc.vocabulary.base import Frozen

_Text = Annotated[str, StringConstraints(min_length=1)]
INTERPRETER_VARIABLE = "MLOPSC_FEAST_PYTHON"


class FeastSource(Frozen):
    """The rows behind a feature view, as Feast reads them from its offline store: keys, times and features.

    They are put in order, for Feast has none: that of the dataset's primary key, then of all columns.
    """

    type: Literal["feast"] = "feast"
    repo: _Text
    """The repository, a folder of the project with `feature_store.yaml`, to which `feast apply` was done."""
    feature_view: _Text
    """The feature view's name."""
    interpreter: _Text | None = None
    """The Python that has Feast, a path: Feast does not go into the environment of mlopsc. Without it,
    the environment's `MLOPSC_FEAST_PYTHON`."""

    @model_validator(mode="after")
    def _inside(self) -> "FeastSource":
        if self.repo.startswith(("/", "~")) or ".." in self.repo.split("/") or "://" in self.repo:
            raise ValueError(
                f"`repo` {self.repo!r} is no folder of the project: give a path relative to the spec"
            )
        return self

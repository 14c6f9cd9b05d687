"""Versions of sources that keep earlier states: which one was read, so that it can be read again."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from mlopsc.vocabulary.base import Frozen

_NOUNS = {"delta": "Delta version", "iceberg": "Iceberg snapshot", "git": "Git commit", "dvc": "DVC md5"}


class SourceVersion(Frozen):
    """One state of a source, as the source itself names it."""

    kind: Literal["delta", "iceberg", "git", "dvc"]
    """What keeps the states."""
    id: Annotated[str, StringConstraints(min_length=1)]
    """A Delta table's version, an Iceberg table's snapshot, a commit's full hash, or the md5 that DVC tracks."""

    def __str__(self) -> str:
        return f"{_NOUNS[self.kind]} {self.id}"

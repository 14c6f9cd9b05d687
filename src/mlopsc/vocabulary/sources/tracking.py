"""How files stand to what keeps their history: DVC, and the project's Git repository."""

from typing import Annotated

from pydantic import AfterValidator

from mlopsc.vocabulary.base import Frozen


class Dvc(Frozen):
    """What is done where DVC tracks the files, by a `.dvc` file or as an output in `dvc.lock`."""

    check: bool = True
    """Whether the files must have the md5 that DVC tracks; a difference is an error."""
    pull: bool = False
    """Whether files that are missing are fetched by `dvc pull` when a step needs them."""


def _revision(text: str) -> str:
    if (
        not text
        or text.startswith("-")
        or ".." in text
        or any(letter.isspace() or letter < " " for letter in text)
    ):
        raise ValueError(f"{text!r} is no Git revision: expected a tag, a branch or a commit")
    return text


Revision = Annotated[str, AfterValidator(_revision)]
"""A tag, a branch, a commit, or whatever else names one commit to Git."""

"""What kinds of source share: secrets by handle, and files by path, glob or URL."""

from typing import Annotated

from pydantic import StringConstraints, model_validator

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.sources.limits import Limits
from mlopsc.vocabulary.sources.tracking import Dvc, Revision


class SecretHandle(Frozen):
    """The name of a secret, which stands for its value at run time."""

    secret: Annotated[str, StringConstraints(min_length=1)]


def check_path(text: str) -> str:
    """Return a path as it is; raises ValueError for a text that is none."""
    if text != text.strip() or "\0" in text:
        raise ValueError(f"{text!r} is no path: it begins or ends with a blank, or holds a null character")
    return text


class Files(Frozen):
    """Files of one format."""

    path: Annotated[str, StringConstraints(min_length=1)]
    """A path relative to the project, a glob (`data/*.parquet`, read in the order of the paths), or a URL of
    any fsspec file system. A file outside the project is named by a `file://` URL."""
    storage_options: dict[str, SecretHandle | str | int | bool] = {}
    """Arguments of the URL's file system; what is secret is written `{secret: name}`."""
    limits: Limits = Limits()
    """What is more than this is refused."""
    revision: Revision | None = None
    """A revision of the project's Git repository: the files are read as they were there, also those that DVC tracks."""
    dvc: Dvc = Dvc()
    """What is done where DVC tracks the files."""

    @model_validator(mode="after")
    def _sensible(self) -> "Files":
        check_path(self.path)
        if self.storage_options and "://" not in self.path:
            raise ValueError("`storage_options` belong to a URL; `path` is a local path")
        if self.revision is not None and ("://" in self.path or self.path.startswith("/")):
            raise ValueError("`revision` is one of the project's repository; `path` leads out of the project")
        return self

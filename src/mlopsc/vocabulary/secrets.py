"""Secrets: handles that say where a value is found at run time. The value itself is nowhere."""

from typing import Annotated

from pydantic import StringConstraints, model_validator

from mlopsc.vocabulary.base import Frozen


class SecretSource(Frozen):
    """Exactly one of an environment variable and a file."""

    env: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    """The environment variable that holds the value."""
    file: Annotated[str, StringConstraints(min_length=1)] | None = None
    """The file that holds the value (a trailing newline is cut), as container platforms mount secrets."""

    @model_validator(mode="after")
    def _one(self) -> "SecretSource":
        if (self.env is None) == (self.file is None):
            raise ValueError("a secret needs exactly one of `env` and `file`")
        return self

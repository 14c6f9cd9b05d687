"""How large a model may be."""

from typing import Annotated, Literal

from pydantic import Field

from mlopsc.vocabulary.gates.base import BaseGate


class SizeGate(BaseGate):
    """The model's file is small enough."""

    type: Literal["size"]
    max_bytes: Annotated[int, Field(ge=1)]
    """Bytes of the file at most: the estimator, its signature, and 8 for each row that it was trained on."""

"""How large a model may be."""

from typing import Annotated, Literal

from pydantic import Field

from mlopsc.vocabulary.gates.base import BaseGate
from mlopsc.vocabulary.references import ParameterReference


class SizeGate(BaseGate):
    """The model's file is small enough."""

    type: Literal["size"]
    max_bytes: Annotated[int, Field(ge=1)] | ParameterReference
    """Bytes of the file at most: the estimator, its signature, and 8 for each row that it was trained on."""

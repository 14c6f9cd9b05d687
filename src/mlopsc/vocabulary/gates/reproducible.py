"""A model that can be made again."""

from typing import Literal

from mlopsc.vocabulary.gates.base import BaseGate


class ReproducibleGate(BaseGate):
    """Trained again, by the same recipe on the same rows with the same seed, in a fresh process, the model is the same
    to the byte."""

    type: Literal["reproducible"]

"""What the checks of the data found."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from mlopsc.vocabulary.gates.base import BaseGate
from mlopsc.vocabulary.names import Name
from mlopsc.vocabulary.references import ParameterReference


class DataGate(BaseGate):
    """The data that the candidate was trained on pass enough of their checks. A dataset without checks fails."""

    type: Literal["data"]
    datasets: Annotated[tuple[Name, ...], Field(min_length=1)] | None = None
    """Whose checks; by default each dataset behind the training that declares a contract."""
    min_passed: Annotated[float, Field(gt=0, le=1)] | ParameterReference | None = None
    """The share of a dataset's checks that have to pass, in each dataset."""
    max_warnings: Annotated[int, Field(ge=0)] | ParameterReference | None = None
    """Failed checks at most whose failure only warns, in all datasets together."""

    @model_validator(mode="after")
    def _sensible(self) -> "DataGate":
        if self.min_passed is None and self.max_warnings is None:
            raise ValueError("a data gate needs `min_passed`, `max_warnings` or both")
        if self.datasets is not None and len(set(self.datasets)) < len(self.datasets):
            raise ValueError("`datasets` names a dataset twice")
        return self

"""Weights of classes: how much a row counts while a classifier is fitted, by its label."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

Weight = Annotated[float, Field(gt=0, allow_inf_nan=False)]


def _form(value: Any) -> str:
    return "map" if isinstance(value, dict) else "word"


ClassWeight = Annotated[
    Annotated[Literal["balanced"], Tag("word")]
    | Annotated[dict[str, Weight], Field(min_length=1), Tag("map")],
    Discriminator(_form),
]
"""`balanced`: rows of a class count n / (classes · rows of the class), as in scikit-learn; or the weight of each label,
written as text (`'true'`, `'1'`, `spam`), 1 for those that are not named."""

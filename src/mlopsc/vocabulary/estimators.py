"""The estimator of a training: an importable class, or a function of the user's that makes or trains one."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.names import DottedPath, FunctionReference

BOOSTERS = ("xgboost", "lightgbm")
"""Libraries beside scikit-learn whose estimators a training may name; each is an extra of the same name."""


MONOTONIC = ("monotonic_cst", "monotone_constraints")
"""Parameters that constrain the effect of features, as a map: feature → 1, increasing, -1, decreasing, or 0."""


class CustomEstimator(Frozen):
    """`function(params: dict, seed: int) -> estimator`, an object that derives from scikit-learn's `BaseEstimator`.

    With a `loader` the function trains by itself, and saves what it made: `function(table, label, params, seed,
    folder)`.
    """

    python: FunctionReference
    loader: FunctionReference | None = None
    """`loader(folder) -> model`, an object with `predict(table)`, that opens what the function saved."""
    task: Literal["classification", "regression"] | None = None
    """What a model with a loader is for."""

    @model_validator(mode="after")
    def _task_of_a_loader(self) -> "CustomEstimator":
        if (self.loader is None) != (self.task is None):
            lacking, given = ("loader", "task") if self.loader is None else ("task", "loader")
            help = (
                "say what the model is for: `task: classification` or `task: regression`"
                if lacking == "task"
                else "leave it out: the estimator that the function returns says what it is for"
            )
            raise PydanticCustomError(
                "MLC121", "`{given}` without `{lacking}`", {"given": given, "lacking": lacking, "help": help}
            )
        return self

    def functions(self) -> tuple[str, ...]:
        """Return the references to the user's functions."""
        return (self.python,) if self.loader is None else (self.python, self.loader)


TRAINED_WITH = ("table", "label", "params", "seed", "folder")
"""What the function of an estimator with a loader is called with, in this order."""
MADE_WITH = ("params", "seed")
LOADED_WITH = ("folder",)


def _written(value: Any) -> str:
    return "function" if isinstance(value, dict | CustomEstimator) else "path"


Estimator = Annotated[
    Annotated[DottedPath, Tag("path")] | Annotated[CustomEstimator, Tag("function")],
    Discriminator(_written),
]


def booster_library(estimator: object) -> str | None:
    """Return the library beside scikit-learn that an estimator, as a spec names it, comes from."""
    library = estimator.partition(".")[0] if isinstance(estimator, str) else ""
    return library if library in BOOSTERS else None


BUILDING = (
    "__new__",
    "__setstate__",
    "__getattribute__",
    "__getattr__",
    "__del__",
    "__hash__",
    "__eq__",
    "__len__",
    "__iter__",
    "__getitem__",
    "__array__",
    "__array_interface__",
    "__array_struct__",
    "__buffer__",
)
"""What Python calls of a class as objects are built from a file, put into sets and arrays, and thrown away: a class of
another package that defines one is not trusted."""

_TYPE = r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)+"


def _type_name(text: str) -> str:
    if re.fullmatch(_TYPE, text) is None:
        raise PydanticCustomError(
            "MLC122",
            "'{found}' names no class",
            {
                "found": text,
                "help": "write its module, a dot and its name, such as imblearn.pipeline.Pipeline",
            },
        )
    return text


TrustedType = Annotated[str, AfterValidator(_type_name), Field(json_schema_extra={"pattern": f"^{_TYPE}$"})]
"""A class by module and name, `imblearn.pipeline.Pipeline`."""

"""What happens to features before the estimator sees them; fitted on the train part alone."""

from typing import Annotated, Literal

from pydantic import Field

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.names import FunctionReference


class NumericPreprocessing(Frozen):
    """Numbers and booleans. `auto` follows the estimator: nothing for trees that take nulls, else the median
    for nulls, and standard scaling for linear models, neighbours, SVMs and neural nets."""

    impute: Literal["auto", "none", "mean", "median", "most_frequent"] = "auto"
    scale: Literal["auto", "none", "standard", "minmax", "robust"] = "auto"


class CategoricalPreprocessing(Frozen):
    """Strings. `auto` encodes ordinally for gradient boosting (scikit-learn's has native categories when there are at
    most 255 of them), and one-hot otherwise; unseen categories become unknown, never an error."""

    impute: Literal["auto", "none", "most_frequent", "missing"] = "auto"
    """`missing` makes null a category of its own; `auto` is `missing`."""
    encode: Literal["auto", "onehot", "ordinal"] = "auto"
    max_categories: Annotated[int, Field(ge=2, le=10_000)] | None = None
    """Rarer categories are put together beyond this number (one-hot and ordinal)."""


class Preprocessing(Frozen):
    """The columns' treatment by kind; `python` replaces all of it with a transformer of the user's own."""

    numeric: NumericPreprocessing = NumericPreprocessing()
    categorical: CategoricalPreprocessing = CategoricalPreprocessing()
    categorical_columns: tuple[str, ...] = ()
    """Numeric features to be treated as categories."""
    python: FunctionReference | None = None
    """`f(features: list[str]) -> transformer`: a scikit-learn transformer over the feature table."""

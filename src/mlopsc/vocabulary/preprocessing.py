"""What happens to features before the estimator sees them; fitted on the train part alone."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.names import FunctionReference

Scale = Literal["auto", "none", "standard", "minmax", "maxabs", "robust", "log1p", "quantile", "power"]
"""`log1p` is the logarithm of 1 + x; `quantile` spreads values evenly over 0 to 1; `power` is Yeo and Johnson's."""
Encode = Literal["auto", "onehot", "ordinal", "target"]
"""`target` is the mean label of each category, learned on other rows than those that it is computed for."""
Categories = Annotated[int, Field(ge=2, le=10_000)]
Bins = Annotated[int, Field(ge=2, le=1_000)]


class Constant(Frozen):
    """What stands for null: a number among numbers, a text among categories."""

    constant: float | str

    @property
    def text(self) -> bool:
        """Whether it is a text."""
        return isinstance(self.constant, str)


def _shape(value: Any) -> str:
    return "word" if isinstance(value, str) else "map"


ImputeNumber = Annotated[
    Annotated[Literal["auto", "none", "mean", "median", "most_frequent"], Tag("word")]
    | Annotated[Constant, Tag("map")],
    Discriminator(_shape),
]
ImputeCategory = Annotated[
    Annotated[Literal["auto", "none", "most_frequent", "missing"], Tag("word")]
    | Annotated[Constant, Tag("map")],
    Discriminator(_shape),
]
Impute = Annotated[
    Annotated[Literal["auto", "none", "mean", "median", "most_frequent", "missing"], Tag("word")]
    | Annotated[Constant, Tag("map")],
    Discriminator(_shape),
]


class NumericPreprocessing(Frozen):
    """Numbers and booleans. `auto` follows the estimator: nothing for trees that take nulls, else the median
    for nulls, and standard scaling for linear models, neighbours, SVMs and neural nets."""

    impute: ImputeNumber = "auto"
    indicator: bool = False
    """Whether a further column tells where the value was null."""
    scale: Scale = "auto"
    bins: Bins | None = None
    """Numbers become this many columns of zeros and ones, bins of equally many rows."""

    @model_validator(mode="after")
    def _number(self) -> "NumericPreprocessing":
        if isinstance(self.impute, Constant) and self.impute.text:
            raise ValueError(f"a number stands for null among numbers, found {self.impute.constant!r}")
        return self


class CategoricalPreprocessing(Frozen):
    """Strings. `auto` encodes ordinally for gradient boosting (scikit-learn's has native categories when there are at
    most 255 of them), and one-hot otherwise; unseen categories become unknown, never an error."""

    impute: ImputeCategory = "auto"
    """`missing` makes null a category of its own; `auto` is `missing`."""
    encode: Encode = "auto"
    max_categories: Categories | None = None
    """Rarer categories are put together beyond this number (one-hot and ordinal)."""

    @model_validator(mode="after")
    def _text(self) -> "CategoricalPreprocessing":
        if isinstance(self.impute, Constant) and not self.impute.text:
            raise ValueError(f"a text stands for null among categories, found {self.impute.constant!r}")
        return self


class ColumnPreprocessing(Frozen):
    """One feature, where it differs from others of its kind; what is left out is as for the kind."""

    impute: Impute | None = None
    indicator: bool | None = None
    scale: Scale | None = None
    bins: Bins | None = None
    encode: Encode | None = None
    """It makes a category of a number."""
    max_categories: Categories | None = None
    python: FunctionReference | None = None
    """`f(features: list[str]) -> transformer`: a scikit-learn transformer over a table of this one column."""

    @model_validator(mode="after")
    def _of_one_kind(self) -> "ColumnPreprocessing":
        given = list(self.given)
        if not given:
            raise ValueError("expected at least one key, or `passthrough`")
        if self.python is not None and given != ["python"]:
            raise ValueError("`python` does all that is done to a column: leave out the other keys")
        numeric = [key for key in ("bins", "indicator", "scale") if key in given]
        if numeric and self.categorical:
            raise ValueError(f"`{numeric[0]}` is for numbers, `encode` and `max_categories` make categories")
        if self.categorical and self._of_numbers:
            raise ValueError(
                "a category has no mean, median or number for null: `missing` or `most_frequent`"
            )
        return self

    @property
    def given(self) -> dict[str, Any]:
        """What is said: a plan that was written and read again says what was left out as null."""
        return {key: value for key in type(self).model_fields if (value := getattr(self, key)) is not None}

    @property
    def categorical(self) -> bool:
        """Whether it makes a category of the column, whatever it holds."""
        return self.encode is not None or self.max_categories is not None

    @property
    def _of_numbers(self) -> bool:
        constant = isinstance(self.impute, Constant) and not self.impute.text
        return constant or self.impute in ("mean", "median")

    def misfit(self, name: str, *, text: bool) -> str | None:
        """Return what does not suit a column of text, or of numbers, None when all does."""
        if text:
            for key in ("scale", "bins", "indicator"):
                if getattr(self, key) is not None:
                    return f"'{name}' holds categories, and `{key}` is for numbers"
            if self._of_numbers:
                return f"'{name}' holds categories, which have no mean, median or number for null"
        elif not self.categorical and (
            self.impute == "missing" or (isinstance(self.impute, Constant) and self.impute.text)
        ):
            return f"'{name}' holds numbers, and a text for null, as `missing`, is for categories"
        return None


class Preprocessing(Frozen):
    """The columns' treatment by kind and by name; `python` replaces all of it with a transformer of the user's own."""

    numeric: NumericPreprocessing = NumericPreprocessing()
    categorical: CategoricalPreprocessing = CategoricalPreprocessing()
    categorical_columns: tuple[str, ...] = ()
    """Numeric features to be treated as categories."""
    columns: dict[
        str,
        Annotated[
            Annotated[Literal["passthrough"], Tag("word")] | Annotated[ColumnPreprocessing, Tag("map")],
            Discriminator(_shape),
        ],
    ] = {}
    """Features by name; `passthrough` leaves one as it is."""
    python: FunctionReference | None = None
    """`f(features: list[str]) -> transformer`: a scikit-learn transformer over the feature table."""

    @model_validator(mode="after")
    def _all_or_parts(self) -> "Preprocessing":
        if self.python is not None and self != Preprocessing.model_construct(python=self.python):
            raise ValueError("`python` does all preprocessing: leave out the other keys")
        return self

    def functions(self) -> tuple[str, ...]:
        """Return references to the user's functions."""
        by_name = (one.python for one in self.columns.values() if isinstance(one, ColumnPreprocessing))
        return tuple(function for function in (self.python, *by_name) if function is not None)

    def without(self, name: str) -> "Preprocessing":
        """Return the treatment of the other features."""
        rest = tuple(column for column in self.categorical_columns if column != name)
        columns = {column: one for column, one in self.columns.items() if column != name}
        return self.model_copy(update={"categorical_columns": rest, "columns": columns})

    def keeps_order(self, name: str, *, text: bool) -> bool:
        """Whether a feature reaches the estimator as one column, in which greater values stay greater."""
        own = self.columns.get(name)
        match own:
            case "passthrough":
                return not text
            case ColumnPreprocessing():
                bins = self.numeric.bins if own.bins is None else own.bins
                return not text and not own.categorical and own.python is None and bins is None
            case _:
                return not text and name not in self.categorical_columns and self.numeric.bins is None

    def leaves_encoding(self, name: str, *, text: bool) -> bool:
        """Whether a feature is a category whose encoding is left to what suits the estimator."""
        own = self.columns.get(name)
        general = self.categorical.encode == "auto"
        category = text or name in self.categorical_columns
        match own:
            case "passthrough":
                return False
            case ColumnPreprocessing():
                auto = general if own.encode is None else own.encode == "auto"
                return auto and own.python is None and (category or own.categorical)
            case _:
                return category and general and self.python is None

"""Aggregates over windows of time: as a spec declares them, and one by one as an operation makes them."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.columns import TEMPORAL, is_integer, is_numeric
from mlopsc.vocabulary.names import Name
from mlopsc.vocabulary.time import Duration, format_duration

Function = Literal[
    "count", "count_distinct", "sum", "mean", "min", "max", "stddev", "quantile", "first", "last"
]
_OF_NUMBERS = ("sum", "mean", "stddev", "quantile")


class Aggregate(Frozen):
    """One aggregate over one window; nulls and NaN are skipped, of no values a count is 0 and all else null."""

    name: str
    function: Function
    column: str | None = None
    """None counts rows."""
    window: Duration
    quantile: float | None = None
    where: str | None = None
    """SQL condition over the view's table: other rows do not count here."""


class Ratio(Frozen):
    """The quotient of two aggregates of the same view, as float64; null where one is null or the second is 0."""

    name: str
    numerator: str
    denominator: str


class Windowed(Frozen):
    """A function of a column over one or several windows; the rows (t - window, t] count."""

    function: Function
    """What is computed; `mean` and `stddev` (of a sample) are float64, `quantile` lies between two neighbours."""
    column: str | None = None
    """Whose values; `count` without it counts rows."""
    window: Duration | None = None
    """How far back rows count."""
    windows: Annotated[tuple[Duration, ...], Field(min_length=1)] | None = None
    """Several windows, each a feature of its own: `NAME_1d`, `NAME_7d`."""
    quantile: Annotated[float, Field(ge=0, le=1)] | None = None
    """Which quantile: 0.5 is the median."""
    where: Annotated[str, Field(min_length=1)] | None = None
    """SQL condition over the table's columns: other rows do not count."""

    @model_validator(mode="after")
    def _whole(self) -> "Windowed":
        if (self.window is None) == (self.windows is None):
            raise ValueError("expected exactly one of `window` and `windows`")
        if timedelta(0) in self.over:
            raise ValueError("a window of no length holds no row")
        if len(set(self.over)) < len(self.over):
            raise ValueError("a window comes twice")
        if self.column is None and self.function != "count":
            raise ValueError(f"`{self.function}` needs a `column`")
        if (self.quantile is None) == (self.function == "quantile"):
            raise ValueError(
                f"`{self.function}` takes no `quantile`" if self.quantile is not None else "which `quantile`?"
            )
        return self

    @property
    def over(self) -> tuple[timedelta, ...]:
        """The windows."""
        return self.windows or tuple(filter(None, [self.window])) or (timedelta(0),)

    def named(self, name: str) -> dict[str, timedelta]:
        """Return the features' names, each with its window."""
        if self.windows is None:
            return dict.fromkeys([name], self.over[0])
        return {f"{name}_{format_duration(window)}": window for window in self.windows}


class Quotient(Frozen):
    """The quotient of two other aggregates of the view."""

    ratio: Annotated[tuple[Name, ...], Field(min_length=2, max_length=2)]
    """What is divided, and by what. Two that have the same `windows` give a ratio for each."""


def _kind(value: Any) -> str:
    is_ratio = "ratio" in value if isinstance(value, dict) else isinstance(value, Quotient)
    return "ratio" if is_ratio else "windowed"


Declared = Annotated[
    Annotated[Windowed, Tag("windowed")] | Annotated[Quotient, Tag("ratio")], Discriminator(_kind)
]
"""`ratio` divides two others, anything else is a function over windows."""


def aggregates_of(declared: Mapping[str, Declared]) -> Iterator[Aggregate]:
    """Yield the aggregates that a view declares, one for each window."""
    for name, one in declared.items():
        if isinstance(one, Windowed):
            for full, window in one.named(name).items():
                yield Aggregate(
                    name=full,
                    function=one.function,
                    column=one.column,
                    window=window,
                    quantile=one.quantile,
                    where=one.where,
                )


def ratios_of(declared: Mapping[str, Declared]) -> Iterator[Ratio]:
    """Yield the ratios that a view declares; of one that cannot be made, see `unmade`, nothing."""
    for name, one in declared.items():
        if isinstance(one, Quotient):
            yield from quotients(declared, name, one)


def quotients(declared: Mapping[str, Declared], name: str, quotient: Quotient) -> Iterator[Ratio]:
    """Yield the ratios of one entry: one, or one for each window."""
    if unmade(declared, quotient) is None:
        upper, lower = (_meant(declared, part) for part in quotient.ratio)
        for window in upper:
            full = name if window is None else f"{name}_{format_duration(window)}"
            yield Ratio(name=full, numerator=upper[window], denominator=lower[window])


def unmade(declared: Mapping[str, Declared], quotient: Quotient) -> str | None:
    """Return the word of a ratio that leads to no aggregate, or whose windows are not those of the other."""
    first, second = quotient.ratio
    upper, lower = _meant(declared, first), _meant(declared, second)
    return first if not upper else second if not lower or upper.keys() != lower.keys() else None


def _meant(declared: Mapping[str, Declared], word: str) -> dict[timedelta | None, str]:
    """Return the aggregates that a word of a ratio stands for: one (window None), or one for each window."""
    one = declared.get(word)
    if isinstance(one, Windowed) and one.windows is not None:
        return {window: name for name, window in one.named(word).items()}
    names = {aggregate.name for aggregate in aggregates_of(declared)}
    return {None: word} if word in names else {}


def result_type(function: Function, kind: str) -> str | None:
    """Return the type of an aggregate over values of a column type; None when the function takes no such values."""
    number = is_numeric(kind) or kind == "bool"
    match function:
        case "count":
            return "int64"
        case "count_distinct":
            return None if kind == "nested" else "int64"
        case "first" | "last":
            return kind
        case "min" | "max":
            return kind if number or kind == "string" or kind in TEMPORAL else None
        case "sum" if is_integer(kind) or kind == "bool":
            return "int64"
        case "sum" if kind.startswith("decimal("):
            return f"decimal(38,{kind.removesuffix(')').partition(',')[2]})"
        case _:
            return "float64" if number else None

"""Checks of a column's texts: patterns and lengths."""

from abc import abstractmethod
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from mlopsc.vocabulary.checks.base import OfValues
from mlopsc.vocabulary.checks.bounds import Counted
from mlopsc.vocabulary.columns import Regex

MatchOn = Literal["any", "all"]
LikePattern = Annotated[str, StringConstraints(min_length=1)]


class OfPattern(OfValues):
    """A check of values as text; numbers, dates and times are matched as they are written."""

    def misfit(self, kind: str) -> str | None:
        """Return that it needs what has a text."""
        return "values with a text" if kind in ("nested", "binary") else None


class OfRegex(OfPattern):
    """A check against one regular expression."""

    regex: Regex
    """The expression, in RE2's syntax: linear time, no look-around, no backreferences."""


class ColumnValuesToMatchRegex(OfRegex):
    """The expression is found anywhere in each value; anchor it with ^ and $. Numbers match as text."""

    expect: Literal["column_values_to_match_regex"] = "column_values_to_match_regex"


class ColumnValuesToNotMatchRegex(OfRegex):
    """The expression is found nowhere in any value."""

    expect: Literal["column_values_to_not_match_regex"] = "column_values_to_not_match_regex"


class OfRegexList(OfPattern):
    """A check against several regular expressions."""

    regex_list: Annotated[tuple[Regex, ...], Field(min_length=1)]
    """The expressions, in RE2's syntax."""


class ColumnValuesToMatchRegexList(OfRegexList):
    """Any of the expressions, or all of them, are found in each value."""

    expect: Literal["column_values_to_match_regex_list"] = "column_values_to_match_regex_list"
    match_on: MatchOn = "any"
    """Whether one of them must be found, or all."""


class ColumnValuesToNotMatchRegexList(OfRegexList):
    """None of the expressions is found in any value."""

    expect: Literal["column_values_to_not_match_regex_list"] = "column_values_to_not_match_regex_list"


class OfLike(OfPattern):
    """A check against patterns of SQL's LIKE, matched in linear time.

    `%` stands for any characters, `_` for one; case matters, and the whole value is matched.
    """

    escape: Annotated[str, StringConstraints(min_length=1, max_length=1)] | None = None
    """A character that makes the `%`, `_` or itself after it an ordinary one; without it there is none."""

    @abstractmethod
    def patterns(self) -> tuple[str, ...]:
        """Return the patterns."""

    @model_validator(mode="after")
    def _escaped(self) -> "OfLike":
        for pattern in self.patterns():
            rest = iter(pattern)
            for letter in rest:
                if letter == self.escape and next(rest, None) not in ("%", "_", self.escape):
                    raise ValueError(
                        f"in {pattern!r} the escape {self.escape!r} stands before no `%`, `_` or itself"
                    )
        return self


class OfOneLike(OfLike):
    """A check against one such pattern."""

    like_pattern: LikePattern
    """The pattern."""

    def patterns(self) -> tuple[str, ...]:
        """Return the one pattern."""
        return (self.like_pattern,)


class ColumnValuesToMatchLikePattern(OfOneLike):
    """Each value is like the pattern, as SQL's LIKE has it."""

    expect: Literal["column_values_to_match_like_pattern"] = "column_values_to_match_like_pattern"


class ColumnValuesToNotMatchLikePattern(OfOneLike):
    """No value is like the pattern, as SQL's LIKE has it."""

    expect: Literal["column_values_to_not_match_like_pattern"] = "column_values_to_not_match_like_pattern"


class OfLikeList(OfLike):
    """A check against several such patterns."""

    like_pattern_list: Annotated[tuple[LikePattern, ...], Field(min_length=1)]
    """The patterns."""

    def patterns(self) -> tuple[str, ...]:
        """Return the list."""
        return self.like_pattern_list


class ColumnValuesToMatchLikePatternList(OfLikeList):
    """Each value is like any of the patterns, or like all of them."""

    expect: Literal["column_values_to_match_like_pattern_list"] = "column_values_to_match_like_pattern_list"
    match_on: MatchOn = "any"
    """Whether it must be like one of them, or like all."""


class ColumnValuesToNotMatchLikePatternList(OfLikeList):
    """No value is like any of the patterns."""

    expect: Literal["column_values_to_not_match_like_pattern_list"] = (
        "column_values_to_not_match_like_pattern_list"
    )


class OfLength(OfValues):
    """A check of strings by their number of characters (code points).

    Great Expectations also counts the characters of a number's text in a frame; here that is refused, since the text
    of a number is no property of it.
    """

    def misfit(self, kind: str) -> str | None:
        """Return that only text has a length."""
        return None if kind == "string" else "text"


class ColumnValueLengthsToBeBetween(Counted, OfLength):
    """The number of characters (code points) of strings."""

    expect: Literal["column_value_lengths_to_be_between"] = "column_value_lengths_to_be_between"


class ColumnValueLengthsToEqual(OfLength):
    """The number of characters (code points) of strings is exactly `value`."""

    expect: Literal["column_value_lengths_to_equal"] = "column_value_lengths_to_equal"
    value: Annotated[int, Field(ge=0)]
    """The number."""

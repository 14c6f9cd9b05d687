"""Delimited text as a source, and its dialects."""

from typing import Annotated, Literal

from pydantic import StringConstraints, model_validator

from mlopsc.vocabulary.sources.base import Files

_Character = Annotated[str, StringConstraints(min_length=1, max_length=1)]


class CsvSource(Files):
    """Delimited text. An empty cell is null; every row has as many cells as the header."""

    type: Literal["csv"] = "csv"
    delimiter: _Character = ","
    """What separates the cells of a row."""
    header: bool = True
    """Whether the first row holds the names; without it they are `column0`, `column1`, …"""
    quote: _Character = '"'
    """What encloses a cell that holds the delimiter or a line break; doubled, it stands for itself."""
    nulls: tuple[Annotated[str, StringConstraints(min_length=1)], ...] = ()
    """Texts that mean null (`NA`), besides the empty cell."""
    encoding: Literal["utf-8", "utf-16", "latin-1"] = "utf-8"
    """The text's encoding; a byte order mark is ignored."""

    @model_validator(mode="after")
    def _distinct(self) -> "CsvSource":
        if self.delimiter == self.quote:
            raise ValueError(f"`delimiter` and `quote` are both {self.quote!r}")
        if {self.delimiter, self.quote} & {"\n", "\r"}:
            raise ValueError("`delimiter` and `quote` cannot be line breaks")
        return self

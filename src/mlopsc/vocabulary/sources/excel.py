"""Sheets of Excel workbooks as a source."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from mlopsc.vocabulary.sources.base import Files

_RANGE = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6}):([A-Z]{1,3})([1-9]\d{0,6})")


def column_number(letters: str) -> int:
    """Return the number of a column, from 1: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number


def corners(text: str) -> tuple[int, int, int, int]:
    """Return first row, last row, first column and last column of a range; raises ValueError for what is none."""
    found = _RANGE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no range: expected two cells, such as A3:F200")
    left, top, right, bottom = found.groups()
    rows, columns = (int(top), int(bottom)), (column_number(left), column_number(right))
    if rows[0] > rows[1] or columns[0] > columns[1] or columns[1] > 16_384:
        raise ValueError(
            f"{text!r} is no range: it goes from the upper left cell to the lower right one, XFD at most"
        )
    return *rows, *columns


def _range(text: str) -> str:
    corners(text)
    return text


class ExcelSource(Files):
    """A sheet of a workbook (.xlsx). Cells hold what was computed last; rows without a value are skipped."""

    type: Literal["excel"] = "excel"
    sheet: Annotated[int, Field(ge=1, le=10_000)] | Annotated[str, StringConstraints(min_length=1)] = 1
    """The sheet, by its name, or by its number from 1."""
    range: Annotated[str, AfterValidator(_range)] | None = None
    """The cells to read, from upper left to lower right: `A3:F200`; without it, all."""
    header: bool = True
    """Whether the first row holds the names; without it they are `column0`, `column1`, …"""
    nulls: tuple[Annotated[str, StringConstraints(min_length=1)], ...] = ()
    """Texts, and errors such as `#N/A`, that mean null, besides the empty cell."""

    @model_validator(mode="after")
    def _new_format(self) -> "ExcelSource":
        if self.path.lower().partition("?")[0].endswith((".xls", ".xlsb", ".ods")):
            raise ValueError(f"{self.path!r} is no .xlsx workbook: save it as one")
        return self

"""Checks that a user writes as SQL."""

from typing import Annotated, Literal

from pydantic import StringConstraints, model_validator

from mlopsc.vocabulary.checks.base import BaseCheck


class UnexpectedRows(BaseCheck):
    """A SELECT that finds the rows which should not be there; `{batch}` in it is the table."""

    expect: Literal["unexpected_rows"] = "unexpected_rows"
    unexpected_rows_query: Annotated[str, StringConstraints(min_length=1)]

    @model_validator(mode="after")
    def _names_batch(self) -> "UnexpectedRows":
        if "{batch}" not in self.unexpected_rows_query:
            raise ValueError("`unexpected_rows_query` must select from `{batch}`, which stands for the table")
        return self

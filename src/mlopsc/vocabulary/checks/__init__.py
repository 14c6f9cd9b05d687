"""Checks of a table, with the names, arguments and meaning of Great Expectations, without `expect_`.

Nulls: a check of a column's values looks at the values that are there; `mostly` is the least share of those
that must pass, and no values pass. NaN counts as null. Aggregates of no values fail, but for the sum, which
is 0.

The models stand in a module for each family, which is imported where such a check is used.
"""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import TypeAdapter

from mlopsc.vocabulary.checks.base import BaseCheck
from mlopsc.vocabulary.checks.choice import Chosen
from mlopsc.vocabulary.checks.kinds import CHECK_NAMES, FAMILIES, model_of

if TYPE_CHECKING:
    Check = BaseCheck
else:
    Check = Annotated[Any, Chosen()]
    """Any check."""

CHECK: TypeAdapter[BaseCheck] = TypeAdapter(Check)
"""Reads any check."""

__all__ = ["CHECK", "CHECK_NAMES", "FAMILIES", "BaseCheck", "Check", "model_of"]

"""How each check is measured: which aggregates it needs of the scan, and what their values mean.

A module for each family of checks, as in the vocabulary, with a function `measure(check, table)`.
"""

from importlib import import_module

from mlopsc.runtime.checks.measures.base import Measure, Table
from mlopsc.vocabulary.checks import BaseCheck
from mlopsc.vocabulary.checks.kinds import FAMILY_OF


def measure(check: BaseCheck, table: Table) -> Measure:
    """Return the measure of a check; every column that it reads exists."""
    family = import_module(f"{__name__}.{FAMILY_OF[check.expect]}")
    found: Measure = family.measure(check, table)
    return found


__all__ = ["Measure", "Table", "measure"]

"""Checks of tables: declared contracts and single checks, in as few passes over the data as can be."""

from mlopsc.runtime.checks.report import CheckResult, ValidationReport
from mlopsc.runtime.checks.validate import validate_table

__all__ = ["CheckResult", "ValidationReport", "validate_table"]

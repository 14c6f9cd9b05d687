"""Leakage: features that are the label, come after it, or saw the rows that it is tested on."""

from mlopsc.compiler.passes.leakage.check import check_leakage

__all__ = ["check_leakage"]

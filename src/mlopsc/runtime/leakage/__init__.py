"""Leakage in data: columns that tell the label by themselves, and rows that both parts of a split hold."""

from mlopsc.runtime.leakage.findings import Findings, look_for_leaks
from mlopsc.runtime.leakage.grouping import coded
from mlopsc.runtime.leakage.predictivity import Told, target, told

__all__ = ["Findings", "Told", "coded", "look_for_leaks", "target", "told"]

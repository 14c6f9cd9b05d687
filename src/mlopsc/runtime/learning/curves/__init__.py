"""Curves: what plots of a model's quality are drawn from, in a bounded size whatever the number of rows.

They come from the answers that the metrics were computed from. Sums run in one order and numbers keep six
significant digits, so that the same model on the same rows gives the same bytes everywhere.
"""

from mlopsc.runtime.learning.curves.charts import curves

__all__ = ["curves"]

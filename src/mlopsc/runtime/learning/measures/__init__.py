"""Measures: the common metrics as functions of the rows' weights, many weightings at once.

A bootstrap's resample is a whole-number weight for each row, a few distinct answers of a baseline are rows with counts
for weights; neither asks the model again. Values are those of scikit-learn's scorers with the rows repeated so often.
"""

from mlopsc.runtime.learning.measures.forms import Measure
from mlopsc.runtime.learning.measures.named import measure

__all__ = ["Measure", "measure"]

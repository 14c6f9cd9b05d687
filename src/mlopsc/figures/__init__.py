"""Figures of what an evaluation and an explanation found: charts with keys and captions, drawn from artifacts alone.

Below the runtime, so that pages and what is told to a tracking server show the very same.
"""

from mlopsc.figures.curves import curve_figures
from mlopsc.figures.explained import explanation_figures
from mlopsc.figures.slices import slice_figures
from mlopsc.figures.together import training_figures

__all__ = ["curve_figures", "explanation_figures", "slice_figures", "training_figures"]

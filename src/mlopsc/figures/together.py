"""All figures of a training, in the order in which they are read."""

from collections.abc import Iterator, Mapping
from typing import Any

from mlopsc.figures.curves import curve_figures
from mlopsc.figures.explained import explanation_figures
from mlopsc.figures.figure import Figure
from mlopsc.figures.slices import slice_figures

Document = Mapping[str, Any]


def training_figures(
    metrics: Document, curves: Document | None, explanation: Document | None
) -> Iterator[Figure]:
    """Yield what the artifacts of an evaluation and of an explanation have to show; None where there is none."""
    if curves is not None:
        yield from curve_figures(curves)
    yield from slice_figures(metrics)
    if explanation is not None:
        yield from explanation_figures(explanation)

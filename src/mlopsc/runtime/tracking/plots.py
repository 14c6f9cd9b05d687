"""Plots of a training as pictures that MLflow's pages show, drawn when they are sent: only documents wait."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mlopsc.figures import training_figures
from mlopsc.figures.picture import picture

_OTHER = re.compile(r"[^a-z0-9.-]+")
_LONGEST = 80


def plots(documents: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield name and SVG of each plot of what an event's documents found: `roc_curve.svg`, `dependence_on_age.svg`.

    Of plots whose names come to the same, the second ends in `_2`. What cannot be drawn is left out: the documents say
    why.
    """
    used: dict[str, int] = {}
    found = training_figures(documents["metrics"], documents.get("curves"), documents.get("explanation"))
    for figure in found:
        if figure.chart is None:
            continue
        name = _OTHER.sub("_", figure.heading.lower()).strip("_.")[:_LONGEST]
        used[name] = used.get(name, 0) + 1
        yield f"{name}.svg" if used[name] == 1 else f"{name}_{used[name]}.svg", picture(figure)

"""Reports: a run as one HTML page that needs nothing else, from what journal, store and registry know of it."""

from mlopsc.reporting.facts import gather
from mlopsc.reporting.page import render
from mlopsc.reporting.validation import render_dataset, validation_page

__all__ = ["gather", "render", "render_dataset", "validation_page"]

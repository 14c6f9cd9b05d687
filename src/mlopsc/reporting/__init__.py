"""Reports: a run as one HTML page that needs nothing else, from what journal, store and registry know of it."""

from mlopsc.reporting.facts import gather
from mlopsc.reporting.page import render

__all__ = ["gather", "render"]

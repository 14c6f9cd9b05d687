"""Reports: a run, or one evaluation, as an HTML page that needs nothing else, from journal, store and registry."""

from mlopsc.pages.evaluation import render_evaluation
from mlopsc.pages.judged import Judged
from mlopsc.reporting.facts import gather
from mlopsc.reporting.judged import judged_in_run, judged_version
from mlopsc.reporting.page import render
from mlopsc.reporting.validation import render_dataset, validation_page

__all__ = [
    "Judged",
    "gather",
    "judged_in_run",
    "judged_version",
    "render",
    "render_dataset",
    "render_evaluation",
    "validation_page",
]

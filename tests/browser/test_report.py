"""The page of a run in a real browser: nothing overflows, nothing is refused, everything can be read."""

import os
from pathlib import Path

import pytest

from mlopsc.reporting.cards import as_html, card_of
from tests.browser.chromium import PROGRAM, chromium
from tests.plans import monitor_pipeline, train_pipeline
from tests.reporting import runs
from tests.reporting.test_card import judged

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="needs Chromium: apt-get install chromium"),
]
BAD = {"passed": False, "unexpected_count": 3, "observed": 0.9}
FAILING = runs.validation(runs.result(**BAD, unexpected_sample=["x" * 200] * 3, unexpected_rows=[1, 2, 3]))
CASES = {
    "binary": (train_pipeline, runs.TRAINED, {}),
    "multiclass": (train_pipeline, runs.TRAINED | {"evaluate_late_arrival.curves": runs.MULTICLASS}, {}),
    "regression": (train_pipeline, runs.TRAINED | {"evaluate_late_arrival.curves": runs.REGRESSION}, {}),
    "drift": (monitor_pipeline, runs.MONITORED, {}),
    "failed": (
        train_pipeline,
        {"validate_flights.report": FAILING},
        {
            "statuses": {"train_late_arrival": "failed"},
            "errors": {"train_late_arrival": f"<script>document.title='broken'</script> {'w' * 300}\nmore"},
            "logs": {"train_late_arrival": "a long line " * 60},
            "ended": "failed",
        },
    ),
}
ALSO = {"binary": "evaluation"}
"""Runs of which the training has a page too."""
PAGES = [*CASES, *ALSO.values(), "card"]
OVERFLOWING = """
[...document.querySelectorAll('body *')].filter(e => {
  const box = e.getBoundingClientRect(), inside = e.closest('.scroll, pre');
  return box.width > 0 && box.right > innerWidth + 0.5 && !(inside && inside !== e) && !e.closest('.hidden, .skip');
}).map(e => e.outerHTML.slice(0, 120))
"""
HIDDEN = """
[...document.querySelectorAll('section, h1, h2, h3, figure svg')].filter(e => !e.getClientRects().length).length
"""
CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    """A tab of one browser for all these tests."""
    with chromium(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The file of each case."""
    made = {}
    for name, (pipeline, documents, more) in CASES.items():
        project = tmp_path_factory.mktemp(name)
        runs.record(project, pipeline(), documents, **more)
        made[name] = project / f"{name}.html"
        made[name].write_text(runs.page(project), encoding="utf-8")
        if name in ALSO:
            made[ALSO[name]] = project / f"{ALSO[name]}.html"
            made[ALSO[name]].write_text(
                runs.evaluation(project, explanation=runs.EXPLANATION), encoding="utf-8"
            )
    made["card"] = tmp_path_factory.mktemp("card") / "card.html"
    made["card"].write_text(as_html(card_of(judged("a text " * 20, project="flights"))), encoding="utf-8")
    return made


@pytest.mark.parametrize("width", [360, 1400])
@pytest.mark.parametrize("case", PAGES)
def test_it_fits_and_the_browser_has_nothing_to_say(tab, pages, case, width):
    tab.open(pages[case], width=width)
    assert tab.run("document.documentElement.scrollWidth") <= width
    assert tab.run(OVERFLOWING) == []
    assert tab.run(HIDDEN) == 0
    assert tab.complaints() == []
    assert tab.requests() == [pages[case].as_uri()]
    assert tab.run("document.title").startswith("flights: ")
    assert tab.run("document.scripts.length") == 0
    if folder := os.environ.get("MLOPSC_SCREENSHOTS"):
        tab.screenshot(Path(folder) / f"{case}-{width}.png")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("case", PAGES)
def test_texts_have_contrast_in_both_schemes(tab, pages, case, scheme):
    tab.open(pages[case], width=1000, scheme=scheme)
    assert tab.run(CONTRAST) == []
    dark = tab.run("getComputedStyle(document.body).backgroundColor") == "rgb(11, 18, 32)"
    assert dark is (scheme == "dark")


def test_charts_have_names_for_those_who_do_not_see_them(tab, pages):
    tab.open(pages["binary"], width=1400)
    nodes = tab.send("Accessibility.getFullAXTree")["nodes"]
    names = {
        node["name"]["value"]
        for node in nodes
        if node.get("role", {}).get("value") in ("image", "img", "graphics-document") and node.get("name")
    }
    assert {
        "ROC curve",
        "Precision and recall",
        "Calibration",
        "Scores by class",
        "Confusion matrix",
    } <= names


def test_a_caption_is_as_wide_as_its_narrow_table(tab, pages):
    tab.open(pages["evaluation"], width=360)
    widths = tab.run(
        "[...document.querySelectorAll('caption:not(.hidden)')].map(e => e.getBoundingClientRect().width)"
    )
    assert widths
    assert min(widths) > 200


def test_each_cell_of_a_narrow_table_says_what_it_is(tab, pages):
    tab.open(pages["drift"], width=360)
    labels = tab.run(
        "[...document.querySelectorAll('#drift td[data-label]')].map(e => getComputedStyle(e, '::before').content)"
    )
    assert '"PSI"' in labels


def test_it_prints(tab, pages):
    tab.open(pages["binary"], width=1000)
    assert tab.pdf().startswith(b"%PDF")

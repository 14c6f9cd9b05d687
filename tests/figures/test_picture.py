"""Figures as pictures that stand alone: whole documents of SVG in which nothing is left to what surrounds them."""

import re
from xml.etree import ElementTree

import pytest

from mlopsc.figures import curve_figures, explanation_figures, training_figures
from mlopsc.figures.charts.style import light
from mlopsc.figures.figure import Figure
from mlopsc.figures.picture import picture, wrapped
from mlopsc.runtime.tracking.plots import plots
from tests.reporting.runs import BINARY, EXPLANATION, HOSTILE, METRICS, MULTICLASS, REGRESSION

SVG = "{http://www.w3.org/2000/svg}"


def drawn():
    for curves in (BINARY, MULTICLASS, REGRESSION):
        yield from (one for one in training_figures(METRICS, curves, EXPLANATION) if one.chart is not None)


def test_each_figure_is_a_document_that_needs_nothing_else():
    for figure in drawn():
        text = picture(figure)
        root = ElementTree.fromstring(text)
        assert root.tag == f"{SVG}svg"
        assert "var(" not in text
        assert not re.search(r"(?:href|src|url|@import)", text)
        said = " ".join(one.text or "" for one in root.findall(f"{SVG}text"))
        for word in (figure.heading, figure.caption, *(key.text for key in figure.keys)):
            assert " ".join(word.split()) in said


def test_nothing_reaches_beyond_the_paper():
    for figure in drawn():
        root = ElementTree.fromstring(picture(figure))
        _, _, width, height = map(float, root.attrib["viewBox"].split())
        for one in (*root.findall(f"{SVG}text"), *root.findall(f"{SVG}svg")):
            assert 0 <= float(one.attrib["x"]) < width
            assert float(one.attrib["y"]) + float(one.attrib.get("height", 0)) <= height


def test_hostile_names_are_text():
    explanation = {**EXPLANATION, "dependence": [{**EXPLANATION["dependence"][0], "feature": HOSTILE}]}
    for figure in explanation_figures(explanation):
        root = ElementTree.fromstring(picture(figure))
        assert {one.tag.removeprefix(SVG) for one in root.iter()} <= {
            *("svg", "style", "rect", "text", "title", "desc", "line", "path", "circle"),
        }


def test_a_figure_without_a_chart_has_no_picture():
    with pytest.raises(ValueError, match="ROC curve has no chart"):
        picture(Figure("ROC curve", "Not drawn: all rows are positive."))


def test_lines_are_no_wider_than_their_room():
    assert list(wrapped("a few short words", 40, 10)) == ["a few", "short", "words"]
    assert "".join(wrapped("x" * 50, 40, 10)) == "x" * 50
    assert list(wrapped("", 40, 10)) == []


def test_every_colour_that_a_rule_names_is_in_the_palette():
    with pytest.raises(KeyError):
        light("a { fill: var(--none); }")


def test_plots_of_one_name_are_told_apart():
    twice = {
        **EXPLANATION,
        "dependence": [{**EXPLANATION["dependence"][0], "feature": name} for name in ("a/b", "a b")],
    }
    names = [name for name, _ in plots({"metrics": METRICS, "curves": BINARY, "explanation": twice})]
    assert names[-2:] == ["dependence_on_a_b.svg", "dependence_on_a_b_2.svg"]
    assert len(names) == len(set(names))
    assert "roc_curve.svg" in names


def test_what_cannot_be_drawn_is_left_out():
    curves = {**BINARY, "roc": {"unavailable": "all rows are positive"}}
    assert "Not drawn: all rows are positive." in [one.caption for one in curve_figures(curves)]
    assert "roc_curve.svg" not in [name for name, _ in plots({"metrics": METRICS, "curves": curves})]

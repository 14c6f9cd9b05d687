"""The SVG: well-formed, told in words too, the same each time, and safe whatever stands in names."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import pytest

from mlopsc.api import compile_spec
from mlopsc.diagnostics.render_text import escape
from mlopsc.drawing import svg
from mlopsc.drawing.as_svg import _size
from mlopsc.drawing.layout import lay_out
from mlopsc.drawing.looks import LOOKS
from mlopsc.drawing.scene import make_scene
from mlopsc.figures.charts.letters import text_width, wrapped
from tests.drawing.pipelines import HOSTILE, hostile, many
from tests.plans import monitor_pipeline, train_pipeline

SPACE = "{http://www.w3.org/2000/svg}"
EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*/mlops.yaml"))


def texts(root):
    return [element.text for element in root.iter(f"{SPACE}text")]


def test_every_step_is_there_as_text_and_in_words():
    root = ET.fromstring(svg(train_pipeline(), {"train_late_arrival": "failed"}))
    assert root.get("viewBox")
    assert root.find(f"{SPACE}title").text == "train"
    description = root.find(f"{SPACE}desc").text
    for step in train_pipeline().steps:
        assert "".join(wrapped(step.name, 26)) == step.name
        assert all(line in texts(root) for line in wrapped(step.name, 26))
        assert step.name in description
    assert "train_late_arrival computes, after split_late_arrival, failed." in description


@pytest.mark.parametrize("spec", EXAMPLES, ids=lambda path: path.parent.name)
def test_the_same_pipeline_gives_the_same_bytes(spec):
    first, second = (compile_spec(spec).pipelines for _ in range(2))
    assert [svg(pipeline) for pipeline in first] == [svg(pipeline) for pipeline in second]


def test_a_status_is_a_colour_a_sign_and_a_word_of_the_legend():
    pipeline = train_pipeline()
    shown = dict(zip((step.name for step in pipeline.steps), [*LOOKS, "lost"], strict=False))
    drawn = svg(pipeline, shown)
    root = ET.fromstring(drawn)
    assert set(shown.values()) <= set(texts(root))
    badges = [element for element in root.iter(f"{SPACE}g") if "badge" in element.get("class", "")]
    assert len(badges) == 2 * len(shown)
    signs = {badge.get("class"): badge.find(f"{SPACE}path").get("d") for badge in badges}
    assert len(set(signs.values())) == len(LOOKS) + 1
    assert "badge" not in svg(pipeline).split("</style>")[1]
    assert "prefers-color-scheme" in drawn
    assert "prefers-color-scheme" not in svg(pipeline, theme="light") + svg(pipeline, theme="dark")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_text(text):
    drawn = svg(hostile(text), {text: text})
    assert drawn.encode()
    root = ET.fromstring(drawn)
    allowed = {
        f"{SPACE}{tag}" for tag in ("svg", "title", "desc", "style", "rect", "g", "path", "circle", "text")
    }
    attributes = {name for element in root.iter() for name in element.attrib}
    assert {element.tag for element in root.iter()} <= allowed
    assert attributes <= {
        "viewBox", "width", "height", "class", "role", "style", "rx", "x", "y", "d", "r", "transform",
    }  # fmt: skip
    assert root.find(f"{SPACE}title").text == escape(text)
    assert escape(text) in "".join(texts(root))
    assert escape(text) not in root.find(f"{SPACE}style").text


@pytest.mark.parametrize("direction", ["down", "right"])
@pytest.mark.parametrize(
    "pipeline",
    [train_pipeline(), monitor_pipeline(), many(2), many(5), many(3, name="a_name_" * 8)],
    ids=["flagship", "monitor", "two", "fifty", "long"],
)
def test_nothing_overlaps_and_no_arrow_runs_through_a_card(pipeline, direction):
    scene = make_scene(pipeline, {step.name: "run" for step in pipeline.steps})
    layout = lay_out(
        scene, {card.name: _size(card) for card in scene.cards}, dict.fromkeys(scene.groups, 90.0), direction
    )
    group = {card.name: card.group for card in scene.cards}
    cards = list(layout.cards.items())
    for number, (_, one) in enumerate(cards):
        assert within(one, 0, 0, layout.width, layout.height)
        assert not any(overlap(one, other) for _, other in cards[number + 1 :])
    boxes = list(layout.boxes.values())
    assert not any(overlap(one, other) for number, one in enumerate(boxes) for other in boxes[number + 1 :])
    for name, card in cards:
        for box_name, box in layout.boxes.items():
            if group[name] == box_name:
                assert within(card, box.x, box.y + 20, box.x + box.width, box.y + box.height)
            else:
                assert not overlap(card, box)
    for arrow, route in layout.routes.items():
        for name, card in cards:
            if name not in arrow:
                assert not any(through(*pair, card) for pair in pairwise(route))
        for box_name, box in layout.boxes.items():
            if box_name not in (group[arrow[0]], group[arrow[1]]):
                assert not any(through(*pair, box) for pair in pairwise(route))


def within(rect, left, top, right, bottom):
    return (
        left - 0.01 <= rect.x
        and top - 0.01 <= rect.y
        and rect.x + rect.width <= right + 0.01
        and rect.y + rect.height <= bottom + 0.01
    )


def overlap(one, other):
    return (
        one.x < other.x + other.width - 0.01
        and other.x < one.x + one.width - 0.01
        and one.y < other.y + other.height - 0.01
        and other.y < one.y + one.height - 0.01
    )


def through(start, end, rect):
    left, right = sorted((start[0], end[0]))
    top, bottom = sorted((start[1], end[1]))
    across = left < rect.x + rect.width - 0.01 and right > rect.x + 0.01
    return across and top < rect.y + rect.height - 0.01 and bottom > rect.y + 0.01


def test_texts_fit_their_cards_in_wide_fonts():
    scene = make_scene(many(3, name="Wm" * 28), {})
    for card in scene.cards:
        width, _ = _size(card)
        assert text_width(card.caption, 11) < width
        assert all(text_width(line, 13, bold=True) < width for line in wrapped(card.name, 26))


def test_a_wide_pipeline_is_turned_to_fit_a_page():
    def shape(drawn):
        width, height = map(float, re.search(r'viewBox="0 0 (\S+) (\S+)"', drawn).groups())
        return width / height

    assert shape(svg(train_pipeline())) < 1 < shape(svg(train_pipeline(), direction="right"))
    assert (
        shape(svg(many(6))) == shape(svg(many(6), direction="right")) < shape(svg(many(6), direction="down"))
    )

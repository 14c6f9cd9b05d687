"""The layout of any graph: arrows lead along, nothing overlaps, few arrows cross."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mlopsc.drawing.layers import GAP, LANE, Link, place


@st.composite
def graphs(draw):
    count = draw(st.integers(1, 14))
    size = st.tuples(st.floats(8, 300), st.floats(8, 120))
    sizes = {f"n{number}": draw(size) for number in range(count)}
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(
        lambda pair: pair[0] < pair[1]
    )
    drawn = draw(st.lists(pairs, max_size=30)) if count > 1 else []
    return sizes, [Link(f"n{one}", f"n{other}") for one, other in dict.fromkeys(drawn)]


@given(graphs())
def test_arrows_lead_along_and_nothing_overlaps(graph):
    sizes, links = graph
    placed = place(sizes, links)
    spans = {
        name: (at - sizes[name][0] / 2, at + sizes[name][0] / 2, along, along + sizes[name][1])
        for name, (at, along) in placed.nodes.items()
    }
    for left, right, begin, end in spans.values():
        assert left >= -0.01
        assert right <= placed.across + 0.01
        assert 0 <= begin < end <= placed.along + 0.01
    for link, route in zip(links, placed.routes, strict=True):
        assert spans[link.start][3] == route[0][1]
        assert spans[link.end][2] == route[-1][1]
        assert [along for _, along in route] == sorted(along for _, along in route)
        assert spans[link.start][3] < spans[link.end][2]
    names = list(spans)
    for number, one in enumerate(names):
        for other in names[number + 1 :]:
            assert apart(spans[one], spans[other])
    for link, route in zip(links, placed.routes, strict=True):
        for name, span in spans.items():
            if name not in (link.start, link.end):
                assert not any(meets(*pair, span) for pair in pairwise(route))


def apart(one, other):
    return (
        one[1] + GAP <= other[0] + 0.01
        or other[1] + GAP <= one[0] + 0.01
        or one[3] < other[2]
        or other[3] < one[2]
    )


def meets(start, end, span):
    """Whether an arrow's piece, or the bend that it makes, comes nearer than a lane to a node beside it."""
    left, right = sorted((start[0], end[0]))
    inside = start[1] < span[3] - 0.01 and end[1] > span[2] + 0.01
    return inside and left < span[1] + LANE - 0.01 and right > span[0] - LANE + 0.01


def test_a_graph_that_can_be_drawn_without_crossings_is():
    wheel = [("a", "x"), ("b", "y"), ("c", "z"), ("x", "r"), ("y", "q"), ("z", "p")]
    sizes = dict.fromkeys("cabzyxpqr", (50.0, 20.0))
    placed = place(sizes, [Link(one, other) for one, other in wheel])
    order = {name: at for name, (at, _) in placed.nodes.items()}
    for one, other in wheel:
        for third, fourth in wheel:
            if placed.nodes[one][1] == placed.nodes[third][1]:
                assert (order[one] - order[third]) * (order[other] - order[fourth]) >= 0


def test_a_chain_is_straight():
    placed = place({"a": (80, 20), "b": (200, 20), "c": (30, 20)}, [Link("a", "b"), Link("b", "c")])
    middles = [round(at, 3) for at, _ in placed.nodes.values()]
    assert len(set(middles)) == 1


def test_ports_keep_the_order_that_they_are_given():
    sizes = {"p": (8.0, 0.0), "q": (8.0, 0.0), "a": (50.0, 20.0), "b": (50.0, 20.0)}
    placed = place(sizes, [Link("p", "b"), Link("q", "a")], first=["q", "p"])
    assert placed.nodes["q"][0] < placed.nodes["p"][0]
    assert placed.nodes["q"][1] == placed.nodes["p"][1] == 0.0


def test_nothing_takes_no_room():
    assert place({}, []).along == 0.0

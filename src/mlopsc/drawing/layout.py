"""Places of a scene's cards, boxes and arrows: each box is laid out by itself, then all as if boxes were cards."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from mlopsc.drawing.layers import Link, Placed, Point, place
from mlopsc.drawing.scene import Arrow, Scene
from mlopsc.plan.graph import find_cycles

Direction = Literal["down", "right"]

PAD = 18.0
"""Between a box and what stands in it."""
LABEL = 24.0
"""What a box's label takes at its top."""
_PORT = (8.0, 0.0)
_PAGE = (1100.0, 1600.0)


@dataclass(frozen=True)
class Rect:
    """A place; x to the right, y down."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Layout:
    """Where everything is drawn; the drawing begins at (0, 0)."""

    cards: Mapping[str, Rect]
    boxes: Mapping[str, Rect]
    routes: Mapping[Arrow, tuple[Point, ...]]
    """The points that each arrow runs through, (x, y)."""
    width: float
    height: float
    direction: Direction


def lay_out(
    scene: Scene, sizes: Mapping[str, Point], labels: Mapping[str, float], direction: Direction
) -> Layout:
    """Lay a scene out; `sizes` are (width, height) of cards by name, `labels` the widths of the boxes' labels."""
    return _Arrangement(scene, sizes, labels, direction).layout()


def suited(scene: Scene, sizes: Mapping[str, Point], labels: Mapping[str, float]) -> Layout:
    """Lay a scene out in the direction that fits a page better: one that may be long, but not wide."""
    both = [lay_out(scene, sizes, labels, direction) for direction in ("down", "right")]
    return min(both, key=lambda layout: max(layout.width / _PAGE[0], layout.height / _PAGE[1]))


class _Arrangement:
    """One layout in the making."""

    def __init__(
        self, scene: Scene, sizes: Mapping[str, Point], labels: Mapping[str, float], direction: Direction
    ) -> None:
        self.scene, self.sizes, self.labels = scene, sizes, labels
        self.direction = direction
        self.turn: Callable[[Point], Point] = _same if direction == "down" else _swapped
        self.group = _convex({card.name: card.group for card in scene.cards}, scene.arrows)
        self.groups = tuple(dict.fromkeys(group for group in self.group.values() if group))

    def layout(self) -> Layout:
        order: dict[str, float] = {}
        for _ in range(2):  # the second time, a box's arrows enter in the order of where they come from
            inside = {group: self._inside(group, order) for group in self.groups}
            outside, links = self._outside(inside)
            order = {name: at[0] for name, at in outside.nodes.items()}
        return self._joined(inside, outside, links)

    def _inside(self, group: str, order: Mapping[str, float]) -> "_Inside":
        members = [name for name, own in self.group.items() if own == group]
        sizes = {name: self.turn(self.sizes[name]) for name in members}
        links: list[Link] = []
        entries: dict[str, None] = {}
        exits: dict[str, None] = {}
        for start, end in self.scene.arrows:
            if self.group[start] == self.group[end] == group:
                links.append(Link(start, end))
            elif self.group[end] == group:
                entries[start] = None
                links.append(Link(f"from {start}", end))
            elif self.group[start] == group:
                exits[end] = None
                links.append(Link(start, f"to {end}"))
        by_place = sorted(entries, key=lambda name: order.get(_node(name, self.group[name]), 0.0))
        first, last = [f"from {name}" for name in by_place], [f"to {name}" for name in exits]
        sizes |= dict.fromkeys([*first, *last], _PORT)
        links = list(dict.fromkeys(links))
        placed = place(sizes, links, first=first, last=last)
        width, height = self.turn((placed.across, placed.along))
        wide = max(width, self.labels[group])
        origin = (PAD + (wide - width) / 2, PAD + LABEL)
        return _Inside(placed, tuple(links), origin, (wide + 2 * PAD, height + 2 * PAD + LABEL))

    def _outside(self, inside: Mapping[str, "_Inside"]) -> tuple[Placed, dict[Arrow, int]]:
        sizes: dict[str, Point] = {}
        for name, group in self.group.items():
            size = self.sizes[name] if group is None else inside[group].size
            sizes[_node(name, self.group[name])] = self.turn(size)
        links: dict[Link, int] = {}
        numbers: dict[Arrow, int] = {}
        for start, end in self.scene.arrows:
            one, other = _node(start, self.group[start]), _node(end, self.group[end])
            if one != other:
                link = Link(
                    one,
                    other,
                    self._offset(inside, start, f"to {end}"),
                    self._offset(inside, end, f"from {start}"),
                )
                numbers[start, end] = links.setdefault(link, len(links))
        return place(sizes, list(links), late=[_node("", group) for group in self.groups]), numbers

    def _offset(self, inside: Mapping[str, "_Inside"], name: str, port: str) -> float:
        """Return where an arrow meets a card's box, across, from the box's middle; 0 for a card outside of boxes."""
        group = self.group[name]
        if group is None:
            return 0.0
        box = inside[group]
        return self.turn(box.origin)[0] + box.placed.nodes[port][0] - self.turn(box.size)[0] / 2

    def _joined(
        self, inside: Mapping[str, "_Inside"], outside: Placed, numbers: Mapping[Arrow, int]
    ) -> Layout:
        cards: dict[str, Rect] = {}
        boxes: dict[str, Rect] = {}
        for box, contents in inside.items():
            boxes[box] = self._rect(outside.nodes[_node("", box)], contents.size, (0.0, 0.0))
        for name, group in self.group.items():
            size = self.sizes[name]
            if group is None:
                cards[name] = self._rect(outside.nodes[_node(name, None)], size, (0.0, 0.0))
            else:
                within = inside[group].placed.nodes[name]
                cards[name] = self._rect(within, size, _origin(boxes[group], inside[group]))
        routes: dict[Arrow, tuple[Point, ...]] = {}
        for start, end in self.scene.arrows:
            one, other = self.group[start], self.group[end]
            points: list[Point] = []
            if one is not None and one == other:
                points += self._through(inside[one], boxes[one], Link(start, end))
            else:
                if one is not None:
                    points += self._through(inside[one], boxes[one], Link(start, f"to {end}"))
                points += [self.turn(point) for point in outside.routes[numbers[start, end]]]
                if other is not None:
                    points += self._through(inside[other], boxes[other], Link(f"from {start}", end))
            routes[start, end] = tuple(dict.fromkeys(points))
        width, height = self.turn((outside.across, outside.along))
        return Layout(cards, boxes, routes, width, height, self.direction)

    def _rect(self, at: Point, size: Point, origin: Point) -> Rect:
        across, along = self.turn(size)[0], at[1]
        x, y = self.turn((at[0] - across / 2, along))
        return Rect(origin[0] + x, origin[1] + y, *size)

    def _through(self, box: "_Inside", rect: Rect, link: Link) -> list[Point]:
        x, y = _origin(rect, box)
        route = box.placed.routes[box.links.index(link)]
        return [(x + dx, y + dy) for dx, dy in map(self.turn, route)]


@dataclass(frozen=True)
class _Inside:
    """What stands in a box: placed from `origin` of the box on; ports are `from NAME` and `to NAME`."""

    placed: Placed
    links: tuple[Link, ...]
    origin: Point
    size: Point


def _origin(rect: Rect, box: _Inside) -> Point:
    return rect.x + box.origin[0], rect.y + box.origin[1]


def _same(point: Point) -> Point:
    return point


def _swapped(point: Point) -> Point:
    return point[1], point[0]


def _convex(group: Mapping[str, str | None], arrows: tuple[Arrow, ...]) -> dict[str, str | None]:
    """Return the groups without those that an arrow leaves and another way enters again: they can be no box."""
    kept = dict(group)
    while (knot := _entangled(kept, arrows)) is not None:
        kept = {name: None if own == knot else own for name, own in kept.items()}
    return kept


def _entangled(group: Mapping[str, str | None], arrows: tuple[Arrow, ...]) -> str | None:
    """Return a group that is on a circle when groups are taken for nodes."""
    node = {name: _node(name, own) for name, own in group.items()}
    needs: dict[str, list[str]] = {one: [] for one in node.values()}
    for start, end in arrows:
        if node[start] != node[end]:
            needs[node[end]].append(node[start])
    boxes = {_node("", own): own for own in group.values() if own is not None}
    return next((boxes[one] for cycle in find_cycles(needs) for one in cycle if one in boxes), None)


def _node(name: str, group: str | None) -> str:
    """Return what stands for a card when boxes are taken for cards: itself, or its box."""
    return f"card {name}" if group is None else f"box {group}"

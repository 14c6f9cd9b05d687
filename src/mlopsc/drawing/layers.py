"""A layered drawing of a graph: every arrow points along, few cross, nothing overlaps.

Sugiyama, Tagawa and Toda (1981), in four steps: ranks by longest way; long arrows cut into one piece a rank; order
within ranks by barycentres; places by least squares under the wanted distances, each rank an isotonic regression.
*Along* is the direction of the arrows, *across* the other one.
"""

from bisect import bisect_right, insort
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

Point = tuple[float, float]
"""(across, along)."""

GAP = 26.0
"""Between two nodes of a rank."""
LANE = 14.0
"""Between an arrow that passes and what stands beside it."""
STEP = 40.0
"""Between ranks, at least: where arrows run far across, there is more room to bend in."""
_SHORT = 12.0
"""Between a rank without height and its neighbour, at least."""
_BEND, _MOST = 0.12, 60.0
"""How much room an arrow gets for what it runs across, and the most of it."""
_SWEEPS = 12
_STRAIGHT = 16.0
"""How much more a piece of a long arrow counts than a short arrow."""
_ROUNDS = ("before", "behind") * 4 + ("both", "both back") * 20
"""Which neighbours of a rank's items say where they want to be."""


@dataclass(frozen=True)
class Link:
    """An arrow between nodes; the offsets say where it is attached, across, from the nodes' middles."""

    start: str
    end: str
    from_offset: float = 0.0
    to_offset: float = 0.0


@dataclass(frozen=True)
class Placed:
    """Where everything is; the drawing begins at (0, 0)."""

    nodes: Mapping[str, Point]
    """The middle, across; the beginning, along."""
    routes: tuple[tuple[Point, ...], ...]
    """For each link, the points that it runs through."""
    across: float
    along: float


def place(
    sizes: Mapping[str, Point],
    links: Sequence[Link],
    *,
    first: Sequence[str] = (),
    last: Sequence[str] = (),
    late: Collection[str] = (),
) -> Placed:
    """Place nodes of the given sizes; the graph must have no cycle.

    `first` and `last` are nodes that stand in the first and in the last rank alone, in this order; those of `late` are
    ranked as late as they can be.
    """
    graph = _Graph(sizes, _ranks(sizes, links, first, last, late), links, first, last)
    graph.order()
    across = _across(graph)
    return _drawn(graph, across, sizes, links)


@dataclass
class _Item:
    """A node, or the piece of a long arrow in one rank."""

    size: Point
    rank: int
    passes: bool = False
    before: list[tuple[int, float]] = field(default_factory=list)
    """Items of the rank before, with how far left of them this one would be for a straight arrow."""
    behind: list[tuple[int, float]] = field(default_factory=list)


class _Graph:
    def __init__(
        self,
        sizes: Mapping[str, Point],
        ranks: Mapping[str, int],
        links: Sequence[Link],
        first: Sequence[str],
        last: Sequence[str],
    ) -> None:
        self.number = {name: number for number, name in enumerate(sizes)}
        self.items = [_Item(size, ranks[name]) for name, size in sizes.items()]
        self.paths: list[list[int]] = []
        for link in links:
            self._thread(link)
        self.layers: list[list[int]] = [[] for _ in range(max(ranks.values(), default=-1) + 1)]
        for number in self._from_the_start():
            self.layers[self.items[number].rank].append(number)
        self.fixed = {
            rank: [self.number[name] for name in names]
            for rank, names in ((0, first), (len(self.layers) - 1, last))
            if names
        }
        for rank, numbers in self.fixed.items():
            others = [number for number in self.layers[rank] if number not in numbers]
            self.layers[rank] = [*numbers, *others]

    def _thread(self, link: Link) -> None:
        start, end = self.number[link.start], self.number[link.end]
        path = [start]
        for rank in range(self.items[start].rank + 1, self.items[end].rank):
            path.append(len(self.items))
            self.items.append(_Item((0.0, 0.0), rank, passes=True))
        path.append(end)
        for one, other in pairwise(path):
            shift = (link.from_offset if one == start else 0.0) - (link.to_offset if other == end else 0.0)
            self.items[one].behind.append((other, -shift))
            self.items[other].before.append((one, shift))
        self.paths.append(path)

    def _from_the_start(self) -> list[int]:
        """Return all items as a walk down the arrows meets them: what belongs together comes together."""
        seen: set[int] = set()
        found: list[int] = []
        waiting = [number for number, item in reversed(list(enumerate(self.items))) if not item.before]
        while waiting:
            number = waiting.pop()
            if number not in seen:
                seen.add(number)
                found.append(number)
                waiting += [other for other, _ in reversed(self.items[number].behind)]
        return found

    def order(self) -> None:
        """Order each rank so that few arrows cross; of all orders that were met the best is kept."""
        best, crossings = [list(layer) for layer in self.layers], self._crossings()
        for sweep in range(_SWEEPS):
            if not crossings:
                break
            forward = sweep % 2 == 0
            ranks = range(1, len(self.layers)) if forward else range(len(self.layers) - 2, -1, -1)
            for rank in ranks:
                self._sort(rank, forward=forward)
            if (now := self._crossings()) < crossings:
                best, crossings = [list(layer) for layer in self.layers], now
        self.layers = best

    def _sort(self, rank: int, *, forward: bool) -> None:
        """Sort a rank by the mean place of its neighbours; what has none keeps its place."""
        if rank in self.fixed:
            return
        place = self._places(rank - 1 if forward else rank + 1)
        layer = self.layers[rank]
        wanted: list[tuple[float, int]] = []
        for at, number in enumerate(layer):
            item = self.items[number]
            around = [
                place[other] + shift * 1e-4 for other, shift in (item.before if forward else item.behind)
            ]
            scale = len(place) / max(len(layer), 1)
            wanted.append((sum(around) / len(around) if around else at * scale, number))
        self.layers[rank] = [number for _, number in sorted(wanted, key=lambda pair: pair[0])]

    def _places(self, rank: int) -> dict[int, float]:
        return {number: float(at) for at, number in enumerate(self.layers[rank])}

    def _crossings(self) -> int:
        """Count pairs of arrows that cross between neighbouring ranks."""
        count = 0
        for rank in range(len(self.layers) - 1):
            above, below = self._places(rank), self._places(rank + 1)
            ends = sorted(
                (above[number] - shift * 1e-4, below[other])
                for number in self.layers[rank]
                for other, shift in self.items[number].behind
            )
            seen: list[float] = []
            for _, end in ends:
                count += len(seen) - bisect_right(seen, end)
                insort(seen, end)
        return count


def _ranks(
    sizes: Mapping[str, Point],
    links: Sequence[Link],
    first: Sequence[str],
    last: Sequence[str],
    late: Collection[str],
) -> dict[str, int]:
    """Return each node's rank: as early as it can be, but what leads to more than it comes of as late as it can."""
    before: dict[str, list[str]] = {name: [] for name in sizes}
    behind: dict[str, list[str]] = {name: [] for name in sizes}
    for link in links:
        before[link.end].append(link.start)
        behind[link.start].append(link.end)
    order = _in_order(before, behind)
    ranks: dict[str, int] = {}
    lowest = 1 if first else 0
    for name in order:
        least = 0 if name in first else lowest
        ranks[name] = max((ranks[one] + 1 for one in before[name]), default=least)
    for name in reversed(order):
        pulled = name in late or (len(behind[name]) > len(before[name]) and name not in first)
        if pulled and behind[name]:
            ranks[name] = min(ranks[one] for one in behind[name]) - 1
    bottom = max((rank for name, rank in ranks.items() if name not in last), default=-1) + 1
    return {**ranks, **dict.fromkeys(last, bottom)}


def _in_order(before: Mapping[str, list[str]], behind: Mapping[str, list[str]]) -> list[str]:
    missing = {name: len(needs) for name, needs in before.items()}
    order = [name for name, count in missing.items() if not count]
    for name in order:  # grows while it is walked through
        for other in behind[name]:
            missing[other] -= 1
            if not missing[other]:
                order.append(other)
    return order


def _across(graph: _Graph) -> list[float]:
    """Return where each item's middle is, across."""
    items = graph.items
    places = [0.0] * len(items)
    gaps = [_gaps([items[number] for number in layer]) for layer in graph.layers]
    for layer, gap in zip(graph.layers, gaps, strict=True):
        _settle(layer, gap, places, [(0.0, 1.0)] * len(layer))
    numbered = list(zip(graph.layers, gaps, strict=True))
    for sides in _ROUNDS:
        for layer, gap in reversed(numbered) if sides in ("behind", "both back") else numbered:
            _settle(layer, gap, places, [_wanted(items, number, places, sides) for number in layer])
    left = min((at - items[number].size[0] / 2 for number, at in enumerate(places)), default=0.0)
    return [at - left for at in places]


def _wanted(items: Sequence[_Item], number: int, places: Sequence[float], sides: str) -> tuple[float, float]:
    """Return where an item would be best for straight arrows, and how much that counts."""
    item = items[number]
    neighbours = (item.before if sides != "behind" else []) + (item.behind if sides != "before" else [])
    if not neighbours:
        return places[number], 0.05
    weights = [_STRAIGHT if item.passes and items[other].passes else 1.0 for other, _ in neighbours]
    total = sum(weights)
    mean = sum(
        (places[other] + shift) * weight for (other, shift), weight in zip(neighbours, weights, strict=True)
    )
    return mean / total, total


def _gaps(layer: Sequence[_Item]) -> list[float]:
    """Return how far the middle of each item is from that before it, at least."""
    return [
        (one.size[0] + other.size[0]) / 2 + (LANE if _thin(one) or _thin(other) else GAP)
        for one, other in pairwise(layer)
    ]


def _thin(item: _Item) -> bool:
    return not item.size[1]


def _settle(
    layer: Sequence[int], gaps: Sequence[float], places: list[float], wanted: Sequence[tuple[float, float]]
) -> None:
    """Move a rank's items as near to the wanted places as the gaps allow, by weighted squares.

    With the gaps taken off it is an isotonic regression, which pooling adjacent violators solves exactly.
    """
    shifts = [0.0]
    for gap in gaps:
        shifts.append(shifts[-1] + gap)
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for (at, weight), shift in zip(wanted, shifts, strict=False):
        mean, count = at - shift, 1
        while pools and pools[-1][0] > mean:
            other, heavy, many = pools.pop()
            mean = (mean * weight + other * heavy) / (weight + heavy)
            weight, count = weight + heavy, count + many
        pools.append((mean, weight, count))
    settled = (mean for mean, _, count in pools for _ in range(count))
    for number, shift, mean in zip(layer, shifts, settled, strict=False):
        places[number] = mean + shift


def _room(graph: _Graph, across: Sequence[float], rank: int) -> float:
    """Return the room that the arrows from a rank to the next want for their bends."""
    runs = [
        abs(across[number] - shift - across[other])
        for number in graph.layers[rank]
        for other, shift in graph.items[number].behind
    ]
    return min(_MOST, _BEND * max(runs, default=0.0))


def _drawn(
    graph: _Graph, across: Sequence[float], sizes: Mapping[str, Point], links: Sequence[Link]
) -> Placed:
    begins, ends = [], []
    at = 0.0
    heights = [max(graph.items[number].size[1] for number in layer) for layer in graph.layers]
    for rank, height in enumerate(heights):
        begins.append(at)
        ends.append(at + height)
        flat = 0.0 in heights[rank : rank + 2]
        at = ends[-1] + (_SHORT if flat else STEP) + _room(graph, across, rank)
    nodes = {}
    for name, number in graph.number.items():
        nodes[name] = (across[number], begins[graph.items[number].rank])
    routes = []
    for link, path in zip(links, graph.paths, strict=True):
        start, end = path[0], path[-1]
        x, rank = across[start] + link.from_offset, graph.items[start].rank
        points = [(x, begins[rank] + graph.items[start].size[1]), (x, ends[rank])]
        for number in path[1:-1]:
            rank = graph.items[number].rank
            points += [(across[number], begins[rank]), (across[number], ends[rank])]
        points.append((across[end] + link.to_offset, begins[graph.items[end].rank]))
        routes.append(tuple(dict.fromkeys(points)))
    right = max((across[graph.number[name]] + size[0] / 2 for name, size in sizes.items()), default=0.0)
    right = max([right, *(x for route in routes for x, _ in route)])
    return Placed(nodes, tuple(routes), right, ends[-1] if ends else 0.0)

"""The plan as a graph. The only module that knows networkx, which it imports when there are circles to tell."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush

from mlopsc.plan.plan import Step


def in_order(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return the steps so that each comes after those that it needs, otherwise as they were given."""
    by_name = {step.name: step for step in steps}
    needs = {step.name: needed(step) for step in steps}
    return tuple(by_name[name] for name in _sorted(needs))


def needed(step: Step) -> tuple[str, ...]:
    """Return the names of the steps that a step reads of or comes after."""
    return (*(artifact.step for artifact in step.inputs.values()), *step.after)


def ancestors(steps: Mapping[str, Step], name: str) -> frozenset[str]:
    """Return the names of all steps that a step needs, directly or not, without itself.

    Takes time in proportion to what it returns, however many other steps there are.
    """
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for need in needed(steps[waiting.pop()]):
            if need not in found:
                found.add(need)
                waiting.append(need)
    return frozenset(found)


def find_cycles(edges: Mapping[str, Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    """Return one cycle of each knot of `name → names that it needs`, its first name repeated at the end.

    Each begins at its first name in the order of `edges`.
    """
    if _acyclic(edges):
        return ()
    import networkx as nx

    graph: nx.DiGraph[str] = nx.DiGraph([(name, need) for name, needs in edges.items() for need in needs])
    position = {name: index for index, name in enumerate(edges)}
    found = []
    for knot in nx.strongly_connected_components(graph):
        first = min(knot, key=lambda name: position.get(name, len(position)))
        if len(knot) > 1 or graph.has_edge(first, first):
            names = [edge[0] for edge in nx.find_cycle(graph.subgraph(knot), first)]
            at = min(range(len(names)), key=lambda index: position[names[index]])
            found.append((*names[at:], *names[:at], names[at]))
    return tuple(sorted(found, key=lambda cycle: position[cycle[0]]))


def dependencies_first(edges: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Return all names so that each comes after those that it needs; the graph must have no cycle."""
    return tuple(_sorted(edges))


def _acyclic(edges: Mapping[str, Iterable[str]]) -> bool:
    try:
        TopologicalSorter(edges).prepare()
    except CycleError:
        return False
    return True


def _sorted(edges: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """Yield the names of `name → names that it needs`: always the first, in the order of `edges`, that can come."""
    position = {name: index for index, name in enumerate(edges)}
    sorter = TopologicalSorter(edges)
    sorter.prepare()
    free: list[tuple[int, str]] = []
    while sorter.is_active():
        for name in sorter.get_ready():
            heappush(free, (position.get(name, -1), name))
        _, first = heappop(free)
        yield first
        sorter.done(first)

"""The plan as a graph. The only module that knows networkx."""

from collections.abc import Iterable, Mapping, Sequence

import networkx as nx

from mlopsc.plan.plan import Step


def step_graph(steps: Iterable[Step]) -> "nx.DiGraph[str]":
    """Return the graph of steps: an edge leads from a step to each that reads of it or comes after it."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    for step in steps:
        graph.add_node(step.name)
        graph.add_edges_from((artifact.step, step.name) for artifact in step.inputs.values())
        graph.add_edges_from((earlier, step.name) for earlier in step.after)
    return graph


def in_order(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return the steps so that each comes after those that it needs, otherwise as they were given."""
    by_name = {step.name: step for step in steps}
    position = {step.name: index for index, step in enumerate(steps)}
    order = nx.lexicographical_topological_sort(step_graph(steps), key=position.__getitem__)
    return tuple(by_name[name] for name in order)


def ancestors(steps: Mapping[str, Step], name: str) -> frozenset[str]:
    """Return the names of all steps that a step needs, directly or not, without itself.

    Takes time in proportion to what it returns, however many other steps there are.
    """
    found: set[str] = set()
    waiting = [name]
    while waiting:
        step = steps[waiting.pop()]
        for need in (*(artifact.step for artifact in step.inputs.values()), *step.after):
            if need not in found:
                found.add(need)
                waiting.append(need)
    return frozenset(found)


def find_cycles(edges: Mapping[str, Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    """Return one cycle of each knot of `name → names that it needs`, its first name repeated at the end.

    Each begins at its first name in the order of `edges`.
    """
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
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(edges)
    graph.add_edges_from((need, name) for name, needs in edges.items() for need in needs)
    position = {name: index for index, name in enumerate(edges)}
    return tuple(nx.lexicographical_topological_sort(graph, key=lambda name: position.get(name, -1)))

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


def ancestors(steps: Iterable[Step], name: str) -> frozenset[str]:
    """Return the names of all steps that a step needs, directly or not, without itself."""
    return frozenset(nx.ancestors(step_graph(steps), name))


def find_cycle(edges: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Return the names along a cycle of `name → names that it needs`, the first repeated at the end; or ()."""
    graph: nx.DiGraph[str] = nx.DiGraph([(name, need) for name, needs in edges.items() for need in needs])
    try:
        cycle = nx.find_cycle(graph)
    except nx.NetworkXNoCycle:
        return ()
    return (*(edge[0] for edge in cycle), cycle[0][0])


def dependencies_first(edges: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Return all names so that each comes after those that it needs; the graph must have no cycle."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(edges)
    graph.add_edges_from((need, name) for name, needs in edges.items() for need in needs)
    position = {name: index for index, name in enumerate(edges)}
    return tuple(nx.lexicographical_topological_sort(graph, key=lambda name: position.get(name, -1)))

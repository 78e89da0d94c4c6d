"""Random graphs, and others that are like them without being them."""

from __future__ import annotations

import random

from mlkernel_text.tasks.graph import Edge, Graph, are_isomorphic, graph_of, rounds_to_tell_apart

_ATTEMPTS = 10


def random_graph(random: random.Random, nodes: int, probability: float) -> Graph:
    """An Erdős-Rényi graph with at least one edge and not all of them."""
    pairs = _all_pairs(nodes)
    while True:
        edges = [pair for pair in pairs if random.random() < probability]
        if 0 < len(edges) < len(pairs):
            return graph_of(nodes, edges)


def regular_graph(random: random.Random, nodes: int) -> Graph:
    """A graph whose nodes all have one degree; colour refinement cannot tell it from others of this degree."""
    degree = random.choice([degree for degree in range(2, nodes - 1) if nodes * degree % 2 == 0])
    circle = [(node, (node + step) % nodes) for node in range(nodes) for step in range(1, degree // 2 + 1)]
    diameters = [(node, node + nodes // 2) for node in range(nodes // 2)] if degree % 2 else []
    return _swapped_edges(random, graph_of(nodes, circle + diameters))


def renamed(random: random.Random, graph: Graph) -> Graph:
    """The same graph with other names of nodes."""
    names = list(range(graph.nodes))
    random.shuffle(names)
    return graph_of(graph.nodes, [(names[a], names[b]) for a, b in sorted(graph.edges)])


def different_graph(random: random.Random, graph: Graph, difficulty: int) -> Graph | None:
    """A graph of as many nodes and edges that is not isomorphic to *graph*.

    :param difficulty: see :func:`difficulty_of`.
    :return: ``None`` where none was found.
    """
    for _ in range(_ATTEMPTS):
        other = _other_edges(random, graph) if difficulty == 1 else _swapped_edges(random, graph)
        if difficulty_of(graph, other) == difficulty:
            return other
    return None


def difficulty_of(first: Graph, second: Graph) -> int:
    """Rounds of colour refinement that tell two graphs apart; 3 for more, or none; -1 for isomorphic ones."""
    rounds = rounds_to_tell_apart(first, second)
    if rounds is None:
        return -1 if are_isomorphic(first, second) else 3
    return min(rounds, 3)


def _other_edges(random: random.Random, graph: Graph) -> Graph:
    return graph_of(graph.nodes, random.sample(_all_pairs(graph.nodes), len(graph.edges)))


def _swapped_edges(random: random.Random, graph: Graph) -> Graph:
    """A graph in which all nodes keep their degrees, so that the first round sees no difference."""
    edges = set(graph.edges)
    for _ in range(random.randint(1, 2 * len(edges))):
        (a, b), (c, d) = random.choices(sorted(edges), k=2)
        if random.random() < 0.5:
            c, d = d, c
        new = {(min(a, d), max(a, d)), (min(c, b), max(c, b))}
        if a != d and c != b and len(new) == 2 and not new & edges:
            edges = edges - {(a, b), (min(c, d), max(c, d))} | new
    return graph_of(graph.nodes, edges)


def _all_pairs(nodes: int) -> list[Edge]:
    return [(a, b) for b in range(nodes) for a in range(b)]

"""Small undirected graphs, and the ways to tell two of them apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

import networkx as nx
from attrs import frozen

Edge = tuple[int, int]


@frozen(slots=False)
class Graph:
    """Nodes from 0 to ``nodes - 1``, and edges with the smaller node first."""

    nodes: int
    edges: frozenset[Edge]

    @cached_property
    def neighbours(self) -> tuple[tuple[int, ...], ...]:
        """Node → those it is joined with."""
        found: list[list[int]] = [[] for _ in range(self.nodes)]
        for a, b in sorted(self.edges):
            found[a].append(b)
            found[b].append(a)
        return tuple(map(tuple, found))

    def __str__(self) -> str:
        return " ".join(f"{a}-{b}" for a, b in sorted(self.edges))


def graph_of(nodes: int, edges: Iterable[Edge]) -> Graph:
    """A graph from edges in any order."""
    return Graph(nodes, frozenset((min(edge), max(edge)) for edge in edges))


def refined_colours(graph: Graph) -> Iterator[tuple[object, ...]]:
    """Colour refinement (Weisfeiler & Leman 1968), in one dimension: the multiset of colours after each round.

    At first all nodes have one colour. In each round a node's new colour is its old one and the multiset of its
    neighbours', until no colour splits any more. What comes out is the same for isomorphic graphs; the converse does
    not hold.
    """
    colours, count = [0] * graph.nodes, 1
    while True:
        signatures = [
            (colours[node], tuple(sorted([colours[neighbour] for neighbour in neighbours])))
            for node, neighbours in enumerate(graph.neighbours)
        ]
        yield tuple(sorted(signatures))
        names = {signature: name for name, signature in enumerate(sorted(set(signatures)))}
        if len(names) == count:
            return
        colours, count = [names[signature] for signature in signatures], len(names)


def rounds_to_tell_apart(first: Graph, second: Graph) -> int | None:
    """After how many rounds of refinement two graphs of one size differ; ``None`` if they never do."""
    # As long as they are equal they have as many colours, so that they also come to an end together.
    pairs = zip(refined_colours(first), refined_colours(second), strict=False)
    return next((number for number, (one, other) in enumerate(pairs, start=1) if one != other), None)


def are_isomorphic(first: Graph, second: Graph) -> bool:
    """Whether renaming the nodes of one gives the other (by VF2++)."""
    return bool(nx.vf2pp_is_isomorphic(_networkx(first), _networkx(second)))


def _networkx(graph: Graph) -> nx.Graph:
    made = nx.empty_graph(graph.nodes)
    made.add_edges_from(graph.edges)
    return made

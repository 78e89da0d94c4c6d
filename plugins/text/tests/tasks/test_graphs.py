from itertools import permutations

import pytest

from mlkernel import ConfigError
from mlkernel_text.tasks.graph import graph_of, rounds_to_tell_apart
from mlkernel_text.tasks.graph_isomorphism import GraphIsomorphism
from mlkernel_text.tasks.graph_isomorphism_config import GraphIsomorphismConfig


def is_isomorphic_by_brute_force(nodes, first, second):
    wanted = {frozenset(edge) for edge in second}
    return any(
        {frozenset((names[a], names[b])) for a, b in first} == wanted for names in permutations(range(nodes))
    )


def test_labels_are_what_brute_force_finds():
    task = GraphIsomorphism(GraphIsomorphismConfig(max_nodes=6, train_size=40), 0)
    pairs = task.instances("train", "claim")
    for pair in pairs:
        fields = pair.fields
        assert len(fields["edges_of_a"]) == len(fields["edges_of_b"])
        found = is_isomorphic_by_brute_force(fields["nodes"], fields["edges_of_a"], fields["edges_of_b"])
        assert found == pair.label
        assert (fields["difficulty"] == -1) == pair.label
    assert {pair.fields["difficulty"] for pair in pairs} == {-1, 1, 2, 3}
    assert 8 < sum(pair.label for pair in pairs) < 32


def test_rounds_of_refinement_against_known_graphs():
    path, star = [(0, 1), (1, 2), (2, 3)], [(0, 1), (0, 2), (0, 3)]
    assert rounds_to_tell_apart(graph_of(4, path), graph_of(4, star)) == 1
    hexagon = graph_of(6, [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 0)])
    triangles = graph_of(6, [(0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3)])
    assert rounds_to_tell_apart(hexagon, triangles) is None
    # Trees of six nodes with the degrees 3, 2, 2, 1, 1, 1: whether the two of degree 2 are neighbours.
    apart = graph_of(6, [(0, 1), (1, 2), (0, 3), (3, 4), (0, 5)])
    together = graph_of(6, [(0, 1), (1, 2), (2, 3), (0, 4), (0, 5)])
    assert rounds_to_tell_apart(apart, together) == 2


def test_more_nodes_at_least_than_at_most_are_refused():
    with pytest.raises(ConfigError, match="min_nodes=8 is more than max_nodes=6"):
        GraphIsomorphism(GraphIsomorphismConfig(min_nodes=8, max_nodes=6), 0)

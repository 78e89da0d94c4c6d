"""Graph isomorphism: whether two graphs are the same but for the names of their nodes.

The task of Hammond & Adam-Day, "Neural Interactive Proofs" (2024), put in words: half of the pairs are a graph and a
renamed copy of it; the others have as many edges, and are stratified by how hard they are to tell apart.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from functools import cache, partial

from mlkernel import ConfigError
from mlkernel_text.scenario.generated_instances import GeneratedInstances, split_of
from mlkernel_text.scenario.scenario import Instance, Split
from mlkernel_text.tasks.graph import Graph, refined_colours
from mlkernel_text.tasks.graph_isomorphism_config import GraphIsomorphismConfig
from mlkernel_text.tasks.graph_pairs import (
    different_graph,
    difficulty_of,
    random_graph,
    regular_graph,
    renamed,
)
from mlkernel_text.tasks.text_task import CompactLanguage, Form

QUESTION = "Two graphs have the nodes 0 to {last}.\nEdges of A: {first}\nEdges of B: {second}\nAre A and B isomorphic?"
DIFFICULTIES = (1, 2, 3)
_PATIENCE = 60
"""After so many failures an easier pair will do; the smallest graphs are not hard enough."""
_MOST_ATTEMPTS = 5000
_PARTNERS: Mapping[Split, tuple[Split, ...]] = {
    "train": ("train",),
    "validation": ("train", "validation"),
    "test": ("train", "validation", "test"),
}
"""The first graph of a pair belongs to its split; the second to one of these, so that no pair occurs in two splits,
and in no order."""


class GraphIsomorphism:
    """Pairs of small graphs, as task ``graph-isomorphism``.

    The field ``difficulty`` is -1 for isomorphic pairs; else the rounds of colour refinement (Weisfeiler & Leman 1968)
    that tell the graphs apart, where 3 stands for more than two, or none at all.
    """

    forms: tuple[Form, ...] = ("claim",)
    fields = frozenset({"question", "solution", "nodes", "edges_of_a", "edges_of_b", "difficulty"})
    claim = "The two graphs are isomorphic: renaming the nodes of one gives the other."

    def __init__(self, config: GraphIsomorphismConfig, seed: int) -> None:
        if config.min_nodes > config.max_nodes:
            raise ConfigError(f"min_nodes={config.min_nodes} is more than max_nodes={config.max_nodes}")
        self._config = config
        self._seed = seed
        self._generated = cache(self._generate)

    def instances(self, split: Split, form: Form) -> Sequence[Instance]:
        """The problems, which are made when they are first asked for."""
        return self._generated(split, form)

    def is_right(self, instance: Instance, answer: str) -> bool:
        """There are no open questions."""
        return False

    def compact(self, form: Form) -> CompactLanguage | None:
        """There is no short way to put two graphs."""
        return None

    def _generate(self, split: Split, form: Form) -> Sequence[Instance]:
        config = self._config
        return GeneratedInstances(
            partial(self._instance, split),
            None,
            split=split,
            size=config.size_of(split),
            purpose=(
                "graphs",
                config.min_nodes,
                config.max_nodes,
                repr(config.edge_probabilities),
                self._seed,
            ),
        )

    def _instance(self, split: Split, id: str, random: random.Random) -> Instance:  # noqa: A002 - what it is
        label = random.randrange(2)
        # Isomorphic pairs begin as others do, lest the first graph alone gives the answer away.
        first, other = self._different_pair(split, random)
        second = renamed(random, first if label else other)
        return Instance(id=id, fields=_fields(first, second), label=label)

    def _different_pair(self, split: Split, random: random.Random) -> tuple[Graph, Graph]:
        # Up to five nodes, two rounds tell all different graphs apart.
        wanted = random.choice(DIFFICULTIES if self._config.max_nodes > 5 else DIFFICULTIES[:2])
        for attempt in range(1, _MOST_ATTEMPTS):
            first = self._draw(random, wanted)
            if split_of_graph(first) == split:
                other = different_graph(random, first, wanted)
                if other is not None and split_of_graph(other) in _PARTNERS[split]:
                    return first, other
            if attempt % _PATIENCE == 0:
                wanted = max(wanted - 1, min(DIFFICULTIES))
        raise ConfigError(
            f"{_MOST_ATTEMPTS} attempts found no pair of graphs for the split {split!r}",
            hint="There are too few different graphs; raise max_nodes.",
        )

    def _draw(self, random: random.Random, wanted: int) -> Graph:
        nodes = random.randint(self._config.min_nodes, self._config.max_nodes)
        if wanted == max(DIFFICULTIES) and random.random() < 0.5:
            return regular_graph(random, nodes)
        return random_graph(random, nodes, random.choice(self._config.edge_probabilities))


def split_of_graph(graph: Graph) -> Split:
    """The split that a graph belongs to, whatever the names of its nodes."""
    return split_of(str(list(refined_colours(graph))))


def _fields(first: Graph, second: Graph) -> dict[str, object]:
    return {
        "question": QUESTION.format(last=first.nodes - 1, first=first, second=second),
        "solution": "They are isomorphic.",
        "nodes": first.nodes,
        "edges_of_a": [list(edge) for edge in sorted(first.edges)],
        "edges_of_b": [list(edge) for edge in sorted(second.edges)],
        "difficulty": difficulty_of(first, second),
    }

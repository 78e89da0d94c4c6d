"""Graph isomorphism: whether two graphs are the same but for the names of their nodes.

The task of Hammond & Adam-Day, "Neural Interactive Proofs" (2024), put in words: half of the pairs are a graph and a
renamed copy of it; the others have as many edges, and are stratified by how hard they are to tell apart.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache

from mlkernel import ConfigError
from mlkernel_text.scenario.generated_instances import GeneratedInstances
from mlkernel_text.scenario.scenario import Instance, Split
from mlkernel_text.tasks.graph import Graph, graph_of, refined_colours
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
_PATIENCE = 50
"""After so many failures an easier pair will do; the smallest graphs are not hard enough."""


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
            self._pair,
            _key,
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

    def _pair(self, id: str, random: random.Random) -> Instance:  # noqa: A002 - what it is
        label = random.randrange(2)
        # Isomorphic pairs begin as others do, lest the first graph alone gives the answer away.
        first, other = self._different_pair(random)
        second = renamed(random, first if label else other)
        return Instance(id=id, fields=_fields(first, second), label=label)

    def _different_pair(self, random: random.Random) -> tuple[Graph, Graph]:
        wanted = random.choice(DIFFICULTIES)
        attempt = 0
        while True:
            attempt += 1
            nodes = random.randint(self._config.min_nodes, self._config.max_nodes)
            first = random_graph(random, nodes, random.choice(self._config.edge_probabilities))
            if wanted == max(DIFFICULTIES) and random.random() < 0.5:
                first = regular_graph(random, nodes)
            other = different_graph(random, first, wanted)
            if other is not None:
                return first, other
            if attempt % _PATIENCE == 0:
                wanted = max(wanted - 1, min(DIFFICULTIES))


def _fields(first: Graph, second: Graph) -> dict[str, object]:
    return {
        "question": QUESTION.format(last=first.nodes - 1, first=first, second=second),
        "solution": "They are isomorphic.",
        "nodes": first.nodes,
        "edges_of_a": [list(edge) for edge in sorted(first.edges)],
        "edges_of_b": [list(edge) for edge in sorted(second.edges)],
        "difficulty": difficulty_of(first, second),
    }


def _key(instance: Instance) -> str:
    """The pair but for the names of nodes, so that a renamed problem stays in its split."""
    pair = (instance.fields["edges_of_a"], instance.fields["edges_of_b"])
    return " ".join(sorted(str(refined_colours(graph_of(instance.fields["nodes"], edges))) for edges in pair))

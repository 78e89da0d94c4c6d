"""NSGA-III, one child at a time: for three and more objectives, where crowding distances tell little.

Deb and Jain, *An Evolutionary Many-Objective Optimization Algorithm Using Reference-Point-Based Nondominated Sorting
Approach, Part I*, IEEE TEC 18 (2014); reference points by Das and Dennis, SIAM J. Optim. 8 (1998).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from mlkernel_search.nsga2_search import Nsga2Search
from mlkernel_search.pareto import domination_ranks

Array = NDArray[np.float64]
TINY = 1e-12


class Nsga3Search(Nsga2Search):
    """Prefers, among trials of the same front, those in directions that few others have taken."""

    def order(self, losses: Sequence[Sequence[float]]) -> list[int]:
        """Places of *losses*, the best first: by their fronts, within a front spread over the reference points."""
        return niche_order(losses, self.population)


def niche_order(losses: Sequence[Sequence[float]], population: int) -> list[int]:
    """Places of *losses*, the best first.

    :param population: how many reference directions there are about.
    """
    ranks = domination_ranks(losses)
    niches, distances = _niches(np.asarray(losses, dtype=float), ranks, population)
    taken = dict.fromkeys(niches, 0)
    order: list[int] = []
    for rank in sorted(set(ranks)):
        left = [place for place, found in enumerate(ranks) if found == rank]
        while left:
            place = min(left, key=lambda found: (taken[niches[found]], distances[found], found))
            taken[niches[place]] += 1
            order.append(place)
            left.remove(place)
    return order


def _niches(table: Array, ranks: Sequence[int], population: int) -> tuple[list[int], list[float]]:
    """The nearest reference direction of each row, and the distance from it."""
    front = table[[place for place, rank in enumerate(ranks) if rank == 0]]
    ideal = front.min(axis=0)
    extent = np.maximum(front.max(axis=0) - ideal, TINY)
    scaled = (table - ideal) / extent
    directions = reference_directions(table.shape[1], population)
    along = scaled @ directions.T
    away = np.linalg.norm(scaled[:, None, :] - along[:, :, None] * directions[None, :, :], axis=2)
    nearest = away.argmin(axis=1)
    return [int(found) for found in nearest], [
        float(row[found]) for row, found in zip(away, nearest, strict=True)
    ]


@cache
def reference_directions(objectives: int, population: int) -> Array:
    """Unit vectors to evenly spread points of the simplex: the finest spread with at most *population* of them."""
    divisions = 1
    while divisions < population and _count(objectives, divisions + 1) <= population:
        divisions += 1
    points = np.array(list(_simplex(objectives, divisions)), dtype=float)
    found: Array = points / np.linalg.norm(points, axis=1, keepdims=True)
    return found


def _count(objectives: int, divisions: int) -> int:
    return sum(1 for _ in _simplex(objectives, divisions))


def _simplex(objectives: int, divisions: int) -> Iterator[tuple[int, ...]]:
    """Whole numbers that add up to *divisions*: where bars stand among stars."""
    for bars in combinations(range(divisions + objectives - 1), objectives - 1):
        edges = (-1, *bars, divisions + objectives - 1)
        yield tuple(after - before - 1 for before, after in pairwise(edges))

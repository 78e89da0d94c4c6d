"""Problems that are learnt in well under two seconds, without any array library."""

from __future__ import annotations

from random import Random

from attrs import field, frozen


def noisy_line(random: Random, points: int = 64) -> list[tuple[float, float]]:
    """Draw pairs (x, y) with y = 2 x - 1 and normal noise of standard deviation 0.1; x lies in [-1, 1]."""
    inputs = [random.uniform(-1, 1) for _ in range(points)]
    return [(x, 2 * x - 1 + random.gauss(0, 0.1)) for x in inputs]


def two_blobs(random: Random, points: int = 64) -> list[tuple[tuple[float, float], int]]:
    """Draw points in the plane and their classes: 0 around (-1, -1), 1 around (1, 1), standard deviation 0.5."""
    classes = [random.randrange(2) for _ in range(points)]
    return [((random.gauss(2 * c - 1, 0.5), random.gauss(2 * c - 1, 0.5)), c) for c in classes]


@frozen
class Bandit:
    """Arms with different mean rewards; the best is to be found by pulling them."""

    random: Random
    means: tuple[float, ...] = field(default=(0.1, 0.5, 0.9))

    def pull(self, arm: int) -> float:
        """Return a reward: 1 with the arm's mean as probability, else 0."""
        return float(self.random.random() < self.means[arm])

    @property
    def best_arm(self) -> int:
        """The arm with the highest mean."""
        return max(range(len(self.means)), key=self.means.__getitem__)

"""Population-based training: bad trials go on from the checkpoints of good ones, with values near theirs.

Jaderberg et al., *Population Based Training of Neural Networks*, 2017, algorithm 1 and section 4.1.1.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from mlkernel import Curve, Curves, SearchProblem
from mlkernel_search.schedulers.configs import PbtConfig
from mlkernel_search.schedulers.exploration import explored
from mlkernel_search.schedulers.population import PopulationScheduler


class PbtScheduler(PopulationScheduler):
    """Whoever copies a checkpoint tries the values of its trial with a change.

    :raises ConfigError: the problem has no ``max_step``, or several objectives, or the options do not fit it.
    """

    def __init__(self, problem: SearchProblem, config: PbtConfig | None = None) -> None:
        self._options = config or PbtConfig()
        super().__init__(problem, self._options, "pbt")

    def explore(
        self, curves: Curves, source: Curve, members: Sequence[int], rng: random.Random
    ) -> dict[str, Any]:
        """The point of *source*, changed."""
        del curves, members
        return explored(self.problem.space, source.parameters, self._options, rng)

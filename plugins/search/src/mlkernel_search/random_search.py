"""Random search: independent draws from the space's own distributions.

Bergstra and Bengio, *Random Search for Hyper-Parameter Optimization*, JMLR 13 (2012).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, ClassVar

from mlkernel import Capabilities, PendingTrial
from mlkernel_search.stepwise_search import StepwiseSearch


class RandomSearch(StepwiseSearch):
    """Draws each point independently; in a space whose points can be counted, without repetition."""

    capabilities: ClassVar[Capabilities] = Capabilities(several_objectives=True)

    def propose(
        self,
        number: int,
        pending: Sequence[PendingTrial],
        rng: random.Random,
    ) -> dict[str, Any]:
        """Draw a point."""
        return self.space.sample(rng)

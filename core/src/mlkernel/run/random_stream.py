"""Named random streams: independent of each other, derived from the run's seed by a stable hash."""

from __future__ import annotations

import hashlib
import random
import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import numpy as np


class RandomStream(random.Random):
    """A ``random.Random`` of its own, with a NumPy generator beside it.

    Two streams of one run are independent; the same name and seed give the same stream in every process.

    :param seed: the run's seed.
    :param name: what the stream is for, such as ``"minibatches"``.
    """

    def __new__(cls, seed: int, name: str) -> Self:
        """A generator; the arguments are for ``__init__``."""
        return super().__new__(cls)

    def __init__(self, seed: int, name: str) -> None:
        self._digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
        super().__init__(int.from_bytes(self._digest))

    @property
    def seed_value(self) -> int:
        """A seed of 63 bits for generators of other libraries, fixed for the stream's life."""
        return int.from_bytes(self._digest[:8]) >> 1

    @cached_property
    def numpy(self) -> np.random.Generator:
        """The stream's NumPy generator (PCG64), independent of the stream itself."""
        import numpy as np

        return np.random.Generator(np.random.PCG64(list(self._digest)))

    def state_dict(self) -> dict[str, Any]:
        """Where the stream stands."""
        state: dict[str, Any] = {"python": self.getstate()}
        if "numpy" in self.__dict__:
            state["numpy"] = self.numpy.bit_generator.state
        return state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where :meth:`state_dict` was taken."""
        self.setstate(state["python"])
        if "numpy" in state:
            self.numpy.bit_generator.state = state["numpy"]


def seed_global_generators(seed: int) -> None:
    """Seed the generators that third-party code shares: Python's, and NumPy's if it is loaded."""
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed % 2**32)


class SharedGenerators:
    """Python's and NumPy's shared generators as something that has a state."""

    def state_dict(self) -> dict[str, Any]:
        """Where they stand."""
        states: dict[str, Any] = {"python": random.getstate()}
        if "numpy" in sys.modules:
            states["numpy"] = sys.modules["numpy"].random.get_state(legacy=False)
        return states

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where :meth:`state_dict` was taken."""
        random.setstate(state["python"])
        if "numpy" in state:
            import numpy as np

            np.random.set_state(state["numpy"])  # noqa: NPY002 - third-party code uses it

"""Everything of a run that its checkpoints hold."""

from __future__ import annotations

import time
from typing import Any

import attrs

from mlkernel.records.status import BestValue
from mlkernel.run.kept_objects import KeptObjects, Stateful
from mlkernel.run.loop_positions import LoopPositions
from mlkernel.run.random_stream import RandomStream, SharedGenerators


class RunState:
    """Loop positions, kept objects, random generators, time spent and the best report.

    Setting up a trainer draws random numbers, in a resumed attempt as in the first. Generators therefore begin anew
    in every attempt, and get their state back only on entering the loop in which the checkpoint was made.
    """

    def __init__(self, seed: int) -> None:
        self.positions = LoopPositions()
        self.best: BestValue | None = None
        """The best value that was reported."""
        self._seed = seed
        self._streams: dict[str, RandomStream] = {}
        self._objects = KeptObjects()
        self._generators = KeptObjects()
        self._generators.add("shared", SharedGenerators())
        self._loop_to_enter: str | None = None
        self._is_set_up = True
        self._earlier_seconds = 0.0
        self._started = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds of training, over all attempts."""
        return self._earlier_seconds + time.monotonic() - self._started

    def random(self, name: str) -> RandomStream:
        """The stream *name*."""
        if name not in self._streams:
            self._streams[name] = RandomStream(self._seed, name)
            self.keep(f"stream {name}", self._streams[name], at_loop=True)
        return self._streams[name]

    def keep(self, name: str, stateful: Stateful, *, at_loop: bool) -> None:
        """Add an object, and load its state: here, or on entering the loop."""
        kept = self._generators if at_loop else self._objects
        kept.add(name, stateful)
        if self._is_set_up or not at_loop:
            kept.load()

    def enter_loop(self, path: str) -> None:
        """Put generators back if the checkpoint was made in the loop at *path*."""
        if not self._is_set_up and self._loop_to_enter in {path, None}:
            self._is_set_up = True
            self._generators.load()

    def gather(self) -> dict[str, Any]:
        """The state as it is now; it refers to live objects."""
        return {
            "run": {
                "positions": self.positions.state_dict(),
                "seconds": self.elapsed,
                "best": attrs.asdict(self.best) if self.best else None,
            },
            "generators": self._generators.gather(),
            "kept": self._objects.gather(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what :meth:`gather` gave."""
        own = state["run"]
        self.positions.load_state_dict(own["positions"])
        self.best = BestValue(**own["best"]) if own["best"] else None
        self._objects.restore(state["kept"])
        self._generators.restore(state["generators"])
        self._loop_to_enter = next(reversed(own["positions"]["active"]), None)
        self._is_set_up = False
        self._earlier_seconds = own["seconds"]

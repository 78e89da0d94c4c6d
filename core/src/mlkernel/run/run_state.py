"""Everything of a run that its checkpoints hold."""

from __future__ import annotations

import time
from typing import Any, Protocol

import attrs

from mlkernel.records.status import BestValue
from mlkernel.run.loop_positions import LoopPositions
from mlkernel.run.random_stream import (
    RandomStream,
    global_generator_states,
    restore_global_generators,
)


class Stateful(Protocol):
    """What can join a run's checkpoints."""

    def state_dict(self) -> dict[str, Any]:
        """Everything that must survive."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take it back."""


class RunState:
    """Loop positions, random streams, kept objects, time spent and the best report.

    What was restored is handed out when a stream or an object asks for it under its name, and stays in the
    checkpoints until then.
    """

    def __init__(self, seed: int) -> None:
        self.positions = LoopPositions()
        self.best: BestValue | None = None
        """The best value that was reported."""
        self._seed = seed
        self._streams: dict[str, RandomStream] = {}
        self._kept: dict[str, Stateful] = {}
        self._waiting_streams: dict[str, Any] = {}
        self._waiting_kept: dict[str, Any] = {}
        self._waiting_generators: tuple[str | None, dict[str, Any]] | None = None
        self._earlier_seconds = 0.0
        self._started = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds of training, over all attempts."""
        return self._earlier_seconds + time.monotonic() - self._started

    def random(self, name: str) -> RandomStream:
        """The stream *name*, where its state stands."""
        if name not in self._streams:
            stream = self._streams[name] = RandomStream(self._seed, name)
            state = self._waiting_streams.pop(name, None)
            if state is not None:
                stream.load_state_dict(state)
        return self._streams[name]

    def keep(self, name: str, stateful: Stateful) -> None:
        """Add an object, and load its state if there is one."""
        self._kept[name] = stateful
        state = self._waiting_kept.pop(name, None)
        if state is not None:
            stateful.load_state_dict(state)

    def put_generators_back(self, path: str) -> None:
        """On entering the loop at *path*: restore the shared generators if the checkpoint was made in it.

        Setting up a trainer draws from them, so they are put back only where training goes on.
        """
        if self._waiting_generators is not None and self._waiting_generators[0] in {path, None}:
            restore_global_generators(self._waiting_generators[1])
            self._waiting_generators = None

    def gather(self) -> dict[str, Any]:
        """The state as it is now; it refers to live objects."""
        streams = {name: stream.state_dict() for name, stream in self._streams.items()}
        kept = {name: stateful.state_dict() for name, stateful in self._kept.items()}
        return {
            "run": {
                "positions": self.positions.state_dict(),
                "streams": {**self._waiting_streams, **streams},
                "global_generators": global_generator_states(),
                "seconds": self.elapsed,
                "best": attrs.asdict(self.best) if self.best else None,
            },
            "kept": {**self._waiting_kept, **kept},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what :meth:`gather` gave."""
        own = state["run"]
        self.positions.load_state_dict(own["positions"])
        self.best = BestValue(**own["best"]) if own["best"] else None
        self._waiting_streams = dict(own["streams"])
        self._waiting_kept = dict(state["kept"])
        active = own["positions"]["active"]
        self._waiting_generators = (active[-1] if active else None, own["global_generators"])
        self._earlier_seconds = own["seconds"]

"""Objects that join a run's checkpoints under a name, and the states that wait for them."""

from __future__ import annotations

from typing import Any, Protocol

from mlkernel.errors import UsageError


class Stateful(Protocol):
    """What can join a run's checkpoints."""

    def state_dict(self) -> dict[str, Any]:
        """Everything that must survive."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take it back."""


class KeptObjects:
    """Named objects; a restored state waits, and stays in the checkpoints, until its object is there to load it."""

    def __init__(self) -> None:
        self._objects: dict[str, Stateful] = {}
        self._waiting: dict[str, Any] = {}

    def add(self, name: str, stateful: Stateful) -> None:
        """Make *stateful* part of the checkpoints.

        :raises UsageError: something else has the name; the state of one of them would be lost.
        """
        if name in self._objects:
            raise UsageError(
                f"two objects are kept as {name!r}: one of their states would be lost",
                hint="Give each its own name; 'trainer' is the trainer itself.",
            )
        self._objects[name] = stateful

    def load(self) -> None:
        """Give every object that is there the state that waits for it."""
        for name, stateful in self._objects.items():
            if name in self._waiting:
                stateful.load_state_dict(self._waiting.pop(name))

    def gather(self) -> dict[str, Any]:
        """The states as they are now; they refer to live objects."""
        return {**self._waiting, **{name: stateful.state_dict() for name, stateful in self._objects.items()}}

    def restore(self, states: dict[str, Any]) -> None:
        """Let *states* wait for their objects."""
        self._waiting = dict(states)

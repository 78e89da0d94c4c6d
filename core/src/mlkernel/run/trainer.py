"""The base class of trainers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from mlkernel.run.attach_progress_bar import attached_phases

if TYPE_CHECKING:
    from mlkernel.run.run import Run


class Trainer(ABC):
    """What the kernel runs: it is constructed, its state is loaded if the run is resumed, and it trains.

    Build everything that has state in ``__init__``, so that :meth:`load_state_dict` finds it; do the work in
    :meth:`train`, inside loops of the run.

    :param run: loops, metrics, random streams, artifacts; ``run.config`` is the trainer's configuration.
    """

    Config: ClassVar[type[Any] | None] = None
    """The attrs class of the configuration; a descriptor may name it instead."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.config: Any = run.config

    @abstractmethod
    def train(self) -> None:
        """Train to the end."""

    def state_dict(self) -> dict[str, Any]:
        """Everything that must survive: dictionaries, lists, scalars, strings, bytes, arrays and tensors.

        Called at iteration boundaries. It may refer to live objects; they are copied or written before training goes
        on. The default is for trainers without state.
        """
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back what :meth:`state_dict` gave."""
        if state:
            raise TypeError(f"{type(self).__name__} has saved state and no load_state_dict to take it back")

    def phases(self) -> dict[str, int]:
        """Iterations of each phase, in order, known before training starts.

        By default those of the methods under :func:`mlkernel.attach_progress_bar`.
        """
        return attached_phases(self)

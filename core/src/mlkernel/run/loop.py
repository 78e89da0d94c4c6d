"""The resumable loop and its iterations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from mlkernel.run.boundaries import Boundaries
    from mlkernel.run.run import Run


class Iteration:
    """One pass through the body of a loop."""

    __slots__ = ("_loop", "number")

    def __init__(self, loop: Loop, number: int) -> None:
        self._loop = loop
        self.number = number
        """From 0; a resumed loop goes on counting where it was."""

    def log(self, metrics: Mapping[str, Any] | None = None, /, **named: Any) -> None:
        """Append numbers to ``metrics.jsonl`` as one record of this iteration.

        :raises TypeError: a value is no number.
        """
        self._loop.run.log(
            {**metrics, **named} if metrics else named, phase=self._loop.path, iteration=self.number
        )

    def describe(self, text: str) -> None:
        """Say beside the progress bar what is being done."""
        self._loop.describe(text)


class Loop:
    """Counts iterations in a way that survives the process. Made by :meth:`mlkernel.Run.loop`.

    Iterate over it, or enter it as a context and call :meth:`advance` after each iteration. Every end of an iteration
    is a boundary, at which the run shows its progress. If the loop is resumable, as outermost loops are, the run also
    makes a checkpoint there if one is due, and stops if it was asked to.
    """

    def __init__(
        self,
        run: Run,
        boundaries: Boundaries,
        name: str,
        total: int | None,
        *,
        description: str | None,
        resumable: bool | None,
    ) -> None:
        self.run = run
        self._boundaries = boundaries
        self.name = name
        self.total = total
        self.path = name
        """The names of this loop and those around it, joined by ``/``; known once it is entered."""
        self.completed = 0
        self.resumable = resumable
        """What was asked for; ``None``: resumable if it is an outermost loop."""
        self._description = description

    def __iter__(self) -> Iterator[Iteration]:
        """The iterations that are left."""
        with self:
            while self.total is None or self.completed < self.total:
                yield Iteration(self, self.completed)
                self.advance()

    def __enter__(self) -> Self:
        """Enter the loop where an earlier attempt left it."""
        self._boundaries.enter(self)
        if self._description:
            self.describe(self._description)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the loop: for good, unless an exception ends the training, too."""
        if kind is None:
            self._boundaries.leave(self)
        else:
            self._boundaries.close(self)

    def current(self) -> Iteration:
        """The iteration that is being made."""
        return Iteration(self, self.completed)

    def advance(self) -> None:
        """End an iteration.

        :raises RunStopped: the loop is resumable and the run was asked to stop; its state has been saved.
        """
        self.completed += 1
        self._boundaries.turn(self)

    def describe(self, text: str) -> None:
        """Say beside the progress bar what is being done."""
        self.run.progress.describe(self.path, text)

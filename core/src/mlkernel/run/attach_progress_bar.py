"""``@attach_progress_bar``: the short way to write a phase."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from mlkernel.errors import UsageError

if TYPE_CHECKING:
    from mlkernel.run.loop import Iteration, Loop
    from mlkernel.run.trainer import Trainer

Result = TypeVar("Result")

_PHASE = "_mlkernel_phase"


class IterationContext:
    """What a decorated method gets as ``iteration_context``: the resumable iterations of its phase.

    Write ``for iteration in iteration_context:``. A loop of another form calls :meth:`step` after each iteration and
    begins at :attr:`completed`.
    """

    def __init__(self, loop: Loop) -> None:
        self._loop = loop

    @property
    def num_iterations(self) -> int:
        """The phase's total."""
        assert self._loop.total is not None
        return self._loop.total

    @property
    def completed(self) -> int:
        """Iterations done so far, those of earlier attempts included."""
        return self._loop.completed

    def __iter__(self) -> Iterator[Iteration]:
        """The iterations that are left."""
        while self._loop.completed < self.num_iterations:
            yield self._loop.current()
            self._loop.advance()

    def step(self) -> None:
        """End an iteration: progress, a checkpoint if one is due, and the place where the run may stop.

        :raises UsageError: the phase has no iteration left.
        """
        if self._loop.completed >= self.num_iterations:
            raise UsageError(
                f"phase {self._loop.name!r} was stepped more often than its total of {self.num_iterations}",
                hint="Begin at iteration_context.completed, or iterate over iteration_context.",
            )
        self._loop.advance()

    def set_description(self, text: str) -> None:
        """Say beside the progress bar what is being done."""
        self._loop.describe(text)


def attach_progress_bar(
    num_iterations: Callable[[Any], int], *, phase: str | None = None
) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Make a trainer's method a phase with a progress bar, that can stop, checkpoint and resume.

    The method is called with the keyword argument ``iteration_context``, an :class:`IterationContext`.

    :param num_iterations: takes the trainer and tells the phase's total; called before training starts, too.
    :param phase: the phase's name; by default the method's without a leading ``_``, ``run_`` and a trailing
        ``_loop``, so that ``_run_train_loop`` is the phase ``train``.
    """

    def decorate(method: Callable[..., Result]) -> Callable[..., Result]:
        name = phase or method.__name__.lstrip("_").removeprefix("run_").removesuffix("_loop")

        @functools.wraps(method)
        def run_phase(self: Trainer, *args: Any, **kwargs: Any) -> Result:
            loop = self.run.loop(name, num_iterations(self))
            with loop:
                return method(self, *args, iteration_context=IterationContext(loop), **kwargs)

        setattr(run_phase, _PHASE, (name, num_iterations))
        return run_phase

    return decorate


def attached_phases(trainer: Trainer) -> dict[str, int]:
    """Names and totals of the decorated methods of *trainer*, in the order of their definition."""
    phases: dict[str, int] = {}
    for cls in reversed(type(trainer).__mro__):
        for attribute in vars(cls):
            attached = getattr(getattr(type(trainer), attribute), _PHASE, None)
            if attached is not None:
                name, num_iterations = attached
                phases[name] = num_iterations(trainer)
    return phases

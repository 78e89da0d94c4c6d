"""Trainers that each break one promise, and the one that keeps them all in the same form."""

from __future__ import annotations

import itertools
from typing import Any

from mlkernel import IterationContext, Run, Trainer, attach_progress_bar

CALLS = itertools.count()


class Sound(Trainer):
    """Counts and draws."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.draws = run.random("draws")
        self.total = 0.0

    def state_dict(self) -> dict[str, Any]:
        return {"total": self.total}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.total = state["total"]

    def train(self) -> None:
        self._run_train_loop()

    @attach_progress_bar(lambda self: 5)
    def _run_train_loop(self, iteration_context: IterationContext) -> None:
        for iteration in iteration_context:
            self.total += self.step()
            iteration.log(total=self.total)

    def step(self) -> float:
        return self.draws.random()


class ForgetsItsState(Sound):
    """Begins at zero after a resume."""

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        pass


class ForgetsWhatItDoesNotLog(Sound):
    """Restores what is logged and loses what is not."""

    hidden = 0

    def step(self) -> float:
        self.hidden += 1
        return super().step()

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "hidden": self.hidden}


class DependsOnTheProcess(Sound):
    """Counts over all runs of the process."""

    def step(self) -> float:
        return float(next(CALLS))


class DependsOnTheHashSeed(Sound):
    """Takes the first of a set of strings."""

    def step(self) -> float:
        return float(next(iter({str(number) for number in range(1000)})))


class RefusesToStop(Sound):
    """Catches what ends a run."""

    def train(self) -> None:
        loop = self.run.loop("train", 5)
        with loop:
            while loop.completed < 5:
                loop.current().log(total=self.step())
                try:
                    loop.advance()
                except BaseException:  # noqa: BLE001 - that is what is wrong with it
                    continue

    def phases(self) -> dict[str, int]:
        return {"train": 5}


class SwallowsExceptions(Sound):
    """Ends as if nothing had happened."""

    def train(self) -> None:
        try:
            super().train()
        except Exception:  # noqa: BLE001 - that is what is wrong with it
            return


class AnnouncesTheWrongTotal(Sound):
    """Says 7 and does 5."""

    def phases(self) -> dict[str, int]:
        return {"train": 7}


class AnnouncesNothing(Sound):
    """Has a loop that nobody knows of before."""

    def phases(self) -> dict[str, int]:
        return {}


class LogsNothing(Sound):
    """Works in silence."""

    @attach_progress_bar(lambda self: 5)
    def _run_train_loop(self, iteration_context: IterationContext) -> None:
        for _ in iteration_context:
            self.step()


class LogsLate(Sound):
    """Has not logged anything yet when a short run of it is cut."""

    @attach_progress_bar(lambda self: 9)
    def _run_train_loop(self, iteration_context: IterationContext) -> None:
        for iteration in iteration_context:
            self.total += self.step()
            if iteration.number == 8:
                iteration.log(total=self.total)

"""The smallest trainer that does everything a trainer may do; listeners and progress bars are checked with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from attrs import frozen, validators

from mlkernel.config.option import option
from mlkernel.run.attach_progress_bar import IterationContext, attach_progress_bar
from mlkernel.run.trainer import Trainer
from mlkernel.testing.tiny_tasks import noisy_line

if TYPE_CHECKING:
    from mlkernel.run.run import Run


@frozen(kw_only=True)
class TinyConfig:
    """Options of the tiny trainer."""

    iterations: int = option(6, help="Passes over the points.", validator=validators.ge(1))
    learning_rate: float = option(0.1, help="Step size.", validator=validators.gt(0))


class TinyTrainer(Trainer):
    """Fits a line to noisy points by stochastic gradient descent, in pure Python."""

    Config: ClassVar[type[Any] | None] = TinyConfig
    config: TinyConfig

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.points, self.test_points = noisy_line(run.random("data")), noisy_line(run.random("test data"))
        self.order = run.random("order")
        self.slope = self.intercept = 0.0

    def state_dict(self) -> dict[str, Any]:
        """The two parameters."""
        return {"slope": self.slope, "intercept": self.intercept}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take them back."""
        self.slope, self.intercept = state["slope"], state["intercept"]

    def train(self) -> None:
        """Fit, test, and keep the line as a file."""
        self._run_train_loop()
        self._run_test_loop()
        with self.run.artifact("line.txt") as path:
            path.write_text(f"{self.slope} {self.intercept}\n", encoding="utf-8")

    @attach_progress_bar(lambda self: self.config.iterations)
    def _run_train_loop(self, iteration_context: IterationContext) -> None:
        iteration_context.set_description("fitting")
        for iteration in iteration_context:
            for _ in self.run.loop("half", 2):
                self._descend(self.order.sample(self.points, len(self.points) // 2))
            iteration.log(error=self._error(self.points))

    @attach_progress_bar(lambda self: 1)
    def _run_test_loop(self, iteration_context: IterationContext) -> None:
        for iteration in iteration_context:
            error = self._error(self.test_points)
            iteration.log(error=error)
            self.run.report("test_error", error, mode="min")

    def _descend(self, points: list[tuple[float, float]]) -> None:
        for x, y in points:
            difference = self.slope * x + self.intercept - y
            self.slope -= self.config.learning_rate * difference * x
            self.intercept -= self.config.learning_rate * difference

    def _error(self, points: list[tuple[float, float]]) -> float:
        """Mean squared error."""
        return sum((self.slope * x + self.intercept - y) ** 2 for x, y in points) / len(points)

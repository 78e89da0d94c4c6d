"""Fits a line to noisy points by stochastic gradient descent."""

from typing import Any

# configuration
from attrs import frozen, validators

from mlkernel import Run, Trainer, option


@frozen(kw_only=True)
class LineFitConfig:
    """Options of the trainer."""

    points: int = option(200, help="Points of the training set.", validator=validators.ge(2))
    noise: float = option(0.1, help="Standard deviation of the points around the line.")
    steps: int = option(500, help="Steps of gradient descent, one point each.")
    learning_rate: float = option(0.05, help="Step size.", validator=validators.gt(0.0))


# trainer
class LineFit(Trainer):
    """Learns slope and offset of y = 2x + 1 from samples."""

    Config = LineFitConfig

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        noise = run.random("data")
        xs = [noise.uniform(-1.0, 1.0) for _ in range(self.config.points)]
        self.points = [(x, 2.0 * x + 1.0 + noise.gauss(0.0, self.config.noise)) for x in xs]
        self.slope = 0.0
        self.offset = 0.0

    def train(self) -> None:
        order = self.run.random("order")
        for iteration in self.run.loop("train", total=self.config.steps):
            x, y = order.choice(self.points)
            error = self.slope * x + self.offset - y
            self.slope -= self.config.learning_rate * error * x
            self.offset -= self.config.learning_rate * error
            if (iteration.number + 1) % 50 == 0:
                loss = self.mean_squared_error()
                iteration.log(loss=loss, slope=self.slope, offset=self.offset)
                self.run.report("loss", loss, mode="min")

    def mean_squared_error(self) -> float:
        return sum((self.slope * x + self.offset - y) ** 2 for x, y in self.points) / len(self.points)

    def state_dict(self) -> dict[str, Any]:
        return {"slope": self.slope, "offset": self.offset}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.slope = state["slope"]
        self.offset = state["offset"]

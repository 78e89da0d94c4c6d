from mlkernel import Trainer


class Parabola(Trainer):
    x = 10.0

    def train(self) -> None:
        for iteration in self.run.loop("train", total=100):
            self.x -= 0.2 * (self.x - 3.0)  # one step down (x - 3)²
            iteration.log(loss=(self.x - 3.0) ** 2)

    def state_dict(self) -> dict[str, float]:
        return {"x": self.x}

    def load_state_dict(self, state: dict[str, float]) -> None:
        self.x = state["x"]

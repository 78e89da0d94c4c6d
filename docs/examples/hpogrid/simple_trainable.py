import json
from pathlib import Path
from typing import Any

import numpy as np


class MyTrainableClass:
    config: dict[str, Any]

    def _setup(self, config: dict[str, Any]) -> None:
        self.timestep = 0

    def _train(self) -> dict[str, float]:
        self.timestep += 1
        loss = self.calculate_loss(self.config.get("alpha", 1), self.config.get("beta", 1))
        return {"loss": loss, "timestep": self.timestep}

    def _save(self, checkpoint_dir: str) -> str:
        path = Path(checkpoint_dir) / "checkpoint"
        path.write_text(json.dumps({"timestep": self.timestep}))
        return str(path)

    def _restore(self, checkpoint_path: str) -> None:
        self.timestep = json.loads(Path(checkpoint_path).read_text())["timestep"]

    def calculate_loss(self, alpha: float, beta: float) -> float:
        return float(np.tanh(self.timestep / alpha) * beta)

"""A tracker whose process is killed where it hurts most: after a delivery, and before that is noted."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from mlkernel_mlflow.mlflow_config import MlflowConfig
from mlkernel_mlflow.mlflow_tracker import MlflowTracker


class DyingTracker(MlflowTracker):
    """Dies after it has begun the run, and after each of the first deliveries."""

    Config = MlflowConfig

    def __init__(self, config, run, memory):
        super().__init__(config, run, memory)
        self._deaths = Path(os.environ["TEST_DEATHS"])
        self._die_before(1)

    def log(self, records):
        super().log(records)
        self._die_before(3)

    def _die_before(self, count):
        deaths = len(self._deaths.read_text()) if self._deaths.exists() else 0
        if deaths < count:
            self._deaths.write_text("x" * (deaths + 1))
            os.kill(os.getpid(), signal.SIGKILL)

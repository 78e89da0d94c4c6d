"""What this package uses of MLflow, imported after it was told to send nothing to its makers."""

from __future__ import annotations

import os

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # looked at while it is imported

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run, RunTag
from mlflow.exceptions import MlflowException

__all__ = ["Metric", "MlflowClient", "MlflowException", "Param", "Run", "RunTag"]

"""The component of this package, told without importing MLflow."""

from __future__ import annotations

from mlkernel import Descriptor

mlflow = Descriptor(
    name="mlflow",
    summary="Runs of an experiment of MLflow, on a server or in a file.",
    factory="mlkernel_mlflow.mlflow_tracker:MlflowTracker",
    config="mlkernel_mlflow.mlflow_config:MlflowConfig",
    needs=("mlflow",),
)

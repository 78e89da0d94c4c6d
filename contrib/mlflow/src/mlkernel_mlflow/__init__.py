"""Metrics of runs and studies in MLflow."""

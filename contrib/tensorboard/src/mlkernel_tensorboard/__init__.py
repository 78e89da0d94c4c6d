"""Metrics of runs and studies, as TensorBoard shows them."""

"""Metrics of runs and studies in Weights & Biases, written offline."""

"""Environments: native batched ones, any Gymnasium id, and TorchRL environments that a user brings."""

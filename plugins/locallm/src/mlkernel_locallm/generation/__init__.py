"""Sampling texts."""

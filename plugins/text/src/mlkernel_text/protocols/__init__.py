"""Interaction protocols: who speaks when, and who wins."""

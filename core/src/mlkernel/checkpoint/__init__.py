"""Checkpoints: a run's state on disk, complete or absent, verified when read, and never pickled."""

"""One checkpoint on disk."""

from __future__ import annotations

from pathlib import Path

from attrs import frozen

from mlkernel.checkpoint.manifest import Manifest


@frozen
class Checkpoint:
    """A complete checkpoint."""

    number: int
    """Grows with each checkpoint of a run."""
    directory: Path
    manifest: Manifest

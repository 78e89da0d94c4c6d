"""``manifest.json``: what a checkpoint is and the hash of each of its files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
from attrs import frozen

from mlkernel.errors import CheckpointError
from mlkernel.records.atomic_file import sync_directory, sync_file

FORMAT = 1
"""Version of the layout of checkpoints; a reader refuses newer ones."""

MANIFEST_FILE = "manifest.json"


@frozen(kw_only=True)
class Manifest:
    """The content of ``manifest.json``."""

    format: int = FORMAT
    created: float
    """Seconds since 1970."""
    completed: Mapping[str, int]
    """Iterations done in each phase."""
    metrics_size: int
    """Size of ``metrics.jsonl`` in bytes at this moment."""
    reported: Mapping[str, Any] | None
    """Metric, value and mode, if this checkpoint holds the state in which a best value was reported."""
    kept: bool
    """Whether it is kept for ever, as one of every n-th iteration."""
    files: Mapping[str, str]
    """SHA-256 of each file, by name."""


def seal(directory: Path, **facts: Any) -> Manifest:
    """Write the manifest of the files in *directory* and wait until all are on the disk."""
    paths = sorted(path for path in directory.iterdir() if path.is_file())
    manifest = Manifest(**facts, files={path.name: _hash(path) for path in paths})
    path = directory / MANIFEST_FILE
    path.write_text(json.dumps(attrs.asdict(manifest), indent=2) + "\n", encoding="utf-8")
    for written in [*paths, path]:
        sync_file(written)
    sync_directory(directory)
    return manifest


def read_manifest(directory: Path) -> Manifest:
    """Read the manifest, without looking at the files.

    :raises CheckpointError: it is missing, damaged, or of a newer format.
    """
    try:
        manifest = Manifest(**json.loads((directory / MANIFEST_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise CheckpointError(f"checkpoint {directory} has no readable manifest: {error}") from error
    if manifest.format > FORMAT:
        raise CheckpointError(
            f"checkpoint {directory} has format {manifest.format}; this mlkernel reads up to {FORMAT}",
            hint="Upgrade mlkernel.",
        )
    return manifest


def verify(directory: Path) -> Manifest:
    """Read the manifest and compare every file with its hash.

    :raises CheckpointError: a file is missing or not as it was written; the message names it.
    """
    manifest = read_manifest(directory)
    for name, expected in manifest.files.items():
        try:
            actual = _hash(directory / name)
        except OSError as error:
            raise CheckpointError(f"checkpoint {directory} lacks {name}: {error.strerror}") from error
        if actual != expected:
            raise CheckpointError(f"checkpoint {directory} is damaged: {name} is not as it was written")
    return manifest


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

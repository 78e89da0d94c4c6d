"""``manifest.json``: what a checkpoint is, the hash of each of its files, and one of itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
from attrs import frozen

from mlkernel.errors import CheckpointError, UsageError
from mlkernel.records.atomic_file import sync_directory, sync_file

FORMAT = 1
"""Version of the layout of checkpoints; a reader refuses newer ones."""

MANIFEST_FILE = "manifest.json"

_DIGEST = "digest"
"""Key of the hash of all other keys: what the manifest says is trusted as much as the files are."""


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
    """SHA-256 of each file, by its path inside the checkpoint."""


def seal(directory: Path, **facts: Any) -> Manifest:
    """Write the manifest of the files in *directory* and wait until all are on the disk."""
    inside = sorted(directory.rglob("*"))
    files = [path for path in inside if path.is_file()]
    manifest = Manifest(
        **facts, files={path.relative_to(directory).as_posix(): _hash(path) for path in files}
    )
    content = attrs.asdict(manifest)
    path = directory / MANIFEST_FILE
    path.write_text(json.dumps({**content, _DIGEST: _digest(content)}, indent=2) + "\n", encoding="utf-8")
    for written in [*files, path]:
        sync_file(written)
    for folder in [*(path for path in inside if path.is_dir()), directory]:
        sync_directory(folder)
    return manifest


def read_manifest(directory: Path) -> Manifest:
    """Read the manifest, without looking at the files.

    :raises CheckpointError: it is missing or damaged.
    :raises UsageError: it is of a newer format; that is no damage, so no older checkpoint may take its place.
    """
    try:
        content = json.loads((directory / MANIFEST_FILE).read_text(encoding="utf-8"))
        is_whole = content.pop(_DIGEST) == _digest(content)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise CheckpointError(f"checkpoint {directory} has no readable manifest: {error!r}") from error
    if not is_whole:
        raise CheckpointError(f"checkpoint {directory} is damaged: {MANIFEST_FILE} is not as it was written")
    if content["format"] > FORMAT:
        raise UsageError(
            f"checkpoint {directory} has format {content['format']}; this mlkernel reads up to {FORMAT}",
            hint="Upgrade mlkernel.",
        )
    return Manifest(**content)


def verify(directory: Path) -> Manifest:
    """Read the manifest and compare every file with its hash.

    :raises CheckpointError: a file is missing or not as it was written; the message names it.
    :raises UsageError: the checkpoint is of a newer format.
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


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

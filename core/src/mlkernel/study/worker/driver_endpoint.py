"""``driver.json``: where the workers of a study find its driver, and the token by which it knows them."""

from __future__ import annotations

import json
import os
from hashlib import blake2b
from pathlib import Path

import attrs
from attrs import frozen

from mlkernel.records.atomic_file import storage_errors

ENDPOINT_FILE = "driver.json"


@frozen(kw_only=True)
class DriverEndpoint:
    """The address of the living driver."""

    host: str
    port: int
    token: str = attrs.field(repr=False)

    @property
    def proof(self) -> str:
        """What only who knows the token can say, and what does not give it away."""
        return blake2b(b"driver", key=self.token.encode()[:64], digest_size=16).hexdigest()

    def write(self, study: Path) -> None:
        """Replace the file in the folder *study*; only its owner can read it.

        :raises StorageError: the disk is full or not writable.
        """
        path = study / ENDPOINT_FILE
        aside = study / f".{ENDPOINT_FILE}.{os.getpid()}"
        with storage_errors(path):
            descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(attrs.asdict(self), file)
            aside.replace(path)


def read_endpoint(study: Path) -> DriverEndpoint | None:
    """Who drives the study; ``None`` if nobody said so, or is about to."""
    try:
        return DriverEndpoint(**json.loads((study / ENDPOINT_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None

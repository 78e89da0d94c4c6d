"""``plan.json``: what was asked, complete enough for another process to do it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
from attrs import Factory, frozen

from mlkernel.errors import UsageError
from mlkernel.records.atomic_file import write_json

FORMAT = 1
"""Version of the layout of ``plan.json``; a reader refuses newer ones."""


@frozen(kw_only=True)
class ChosenTrainer:
    """Which trainer, and from where."""

    name: str
    reference: str
    """What resolves to it again: ``distribution:name``, ``package.module:Attribute`` or ``/path/file.py:Attribute``."""
    distribution: str | None
    version: str | None


@frozen(kw_only=True)
class Revision:
    """A change of the configuration by a later attempt."""

    attempt: int
    changes: dict[str, Any]
    """New values by configuration path."""


@frozen(kw_only=True)
class Plan:
    """Plain data: it can be written, sent to another machine, and read back equal."""

    format: int = FORMAT
    run_id: str
    created: str
    """UTC, ISO 8601."""
    trainer: ChosenTrainer
    config: dict[str, Any]
    """Every value of the sections ``trainer``, ``run`` and ``checkpoint``."""
    provenance: dict[str, Any]
    """Versions of Python, mlkernel, the plugins used and what they need; platform and command."""
    revisions: tuple[Revision, ...] = Factory(tuple)

    @property
    def seed(self) -> int:
        """The run's seed."""
        seed: int = self.config["run"]["seed"]
        return seed

    def write(self, path: Path) -> None:
        """Replace the file at *path* by this plan."""
        write_json(path, attrs.asdict(self))


def read_plan(path: Path) -> Plan:
    """Read a plan.

    :raises UsageError: it is damaged, or written by a newer mlkernel.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values["format"] > FORMAT:
            raise UsageError(
                f"{path} has format {values['format']}; this mlkernel reads up to {FORMAT}",
                hint="Upgrade mlkernel.",
            )
        trainer = ChosenTrainer(**values.pop("trainer"))
        revisions = tuple(Revision(**revision) for revision in values.pop("revisions"))
        return Plan(trainer=trainer, revisions=revisions, **values)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} is no readable plan: {error!r}") from error

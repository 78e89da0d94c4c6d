"""``trackers/LABEL.json`` in a run's directory: which tracker it is sent to, and how far that has come."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import attrs
from attrs import field, frozen

from mlkernel.config.choice import Choice
from mlkernel.config.component_config import configure
from mlkernel.errors import UsageError
from mlkernel.records.atomic_file import storage_errors, write_json
from mlkernel.records.redaction import Redactor
from mlkernel.tracker.source import Position

FOLDER = "trackers"


@frozen(kw_only=True)
class TrackerChoice:
    """A tracker and its options, as they were typed."""

    reference: str
    """Finds the component from any folder."""
    options: tuple[str, ...] = ()
    """``path=value``."""

    @property
    def label(self) -> str:
        """Names its files; another one for other options, so that a run can be sent to several places."""
        name = re.sub(r"[^\w-]+", "-", self.reference.rpartition(":")[2]).strip("-")
        return f"{name}-{zlib.crc32(' '.join(sorted(self.options)).encode()):08x}" if self.options else name

    def choice(self) -> Choice:
        """The component with its configuration; its code is not imported.

        :raises UsageError: nobody provides it, or an option is wrong.
        """
        return configure("tracker", self.reference, self.options)


@frozen(kw_only=True)
class Tracking:
    """What is known of one run and one tracker."""

    tracker: TrackerChoice
    key: str
    """Of the run, for this tracker."""
    memory: dict[str, str] | None = None
    """What the tracker wants to find again; ``None`` before it was made for the first time."""
    position: Position = field(factory=Position)
    complete_after: int | None = None
    """The attempt at whose end everything was delivered."""


class TrackingFile:
    """The file of one tracker in a run's or a study's directory."""

    def __init__(self, directory: Path, label: str) -> None:
        self.directory = directory
        """The run's or the study's."""
        self.path = directory / FOLDER / f"{label}.json"
        self.lock = self.path.with_suffix(".lock")
        """Held by the process that follows."""
        self.log = self.path.with_suffix(".log")
        """What its follower says."""

    def read(self) -> Tracking:
        """What is known.

        :raises UsageError: the file is damaged.
        """
        try:
            values: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
            tracker = TrackerChoice(reference=values.pop("tracker"), options=tuple(values.pop("options")))
            position = Position(**values.pop("position"))
            return Tracking(tracker=tracker, position=position, **values)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(
                f"{self.path} cannot be read: {error!r}",
                hint="Remove it to send the run once more, as a new one.",
            ) from error

    def write(self, tracking: Tracking, *, durable: bool = False) -> None:
        """Replace it at once.

        :raises StorageError: the disk is full or not writable.
        """
        values = {
            "tracker": tracking.tracker.reference,
            "options": list(tracking.tracker.options),
            "key": tracking.key,
            "memory": tracking.memory,
            "position": attrs.asdict(tracking.position),
            "complete_after": tracking.complete_after,
        }
        write_json(self.path, values, durable=durable)

    def begin(self, tracker: TrackerChoice) -> None:
        """Make it, unless the run is sent there already: then it goes on where that stands.

        :raises UsageError: it is another tracker's, of the same name; or damaged.
        :raises StorageError: the disk is full or not writable.
        """
        with storage_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
        if not self.path.exists():
            # The key is on disk before anybody hears of it: a second try finds what the first one made.
            self.write(Tracking(tracker=tracker, key=uuid4().hex), durable=True)
        elif (former := self.read().tracker.reference) != tracker.reference:
            raise UsageError(
                f"{self.directory.name} is sent to {former} already, and {tracker.reference} would go by the same name",
                hint="Give one of them another name.",
            )


def choose_tracker(words: Sequence[str]) -> TrackerChoice:
    """The tracker whose name is the first word, with the options that follow.

    :raises UsageError: nobody provides it, it needs what is not installed, an option is wrong, or holds a secret.
    """
    if not words:
        raise UsageError(
            "no tracker was named", hint="kernel plugin list --kind tracker shows what is installed."
        )
    name, *options = words
    for option in options:
        if Redactor().text(option) != option:
            raise UsageError(
                f"the option {option.partition('=')[0]!r} of tracker {name!r} holds a password or a secret variable's "
                "value, which would be written to the run's directory",
                hint="Leave it in the environment, where the tracker's library looks for it.",
            )
    choice = configure("tracker", name, options)
    component = choice.component()
    component.require()
    return TrackerChoice(reference=component.reference, options=tuple(options))


def trackings(directory: Path) -> list[TrackingFile]:
    """Those of a run's or a study's directory, by their labels."""
    return [TrackingFile(directory, path.stem) for path in sorted((directory / FOLDER).glob("*.json"))]

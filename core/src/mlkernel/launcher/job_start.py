"""A job that is about to start."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import attrs
from attrs import frozen

from mlkernel.launcher.job_files import JobFiles
from mlkernel.launcher.launcher import JobSpec

OUTPUT = ("stdout.txt", "stderr.txt")
HOW_TO_OPEN = (os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)


@frozen
class JobStart:
    """A job with all that it was given."""

    spec: JobSpec
    files: JobFiles
    gpus: Sequence[str]
    """The devices that are its own."""
    environment: Mapping[str, str] = attrs.field(repr=False)
    """All of it; goes from memory to memory."""

    @property
    def directory(self) -> Path:
        """Where the command starts."""
        return (self.spec.working_directory or Path.cwd()).absolute()

    def words(self) -> list[str]:
        """Of its supervisor, see :mod:`mlkernel.launcher.supervision.supervisor`."""
        spec = self.spec
        return [
            str(self.files.stem),
            str(self.directory),
            str(spec.resources.time or 0),
            str(spec.resources.memory or 0),
            str(spec.grace),
            ",".join(self.gpus),
            *spec.argv,
        ]

    def output(self) -> list[Path]:
        """Where its output goes; the folder is made.

        :raises OSError: it cannot be made.
        """
        self.spec.directory.mkdir(parents=True, exist_ok=True)
        return [self.spec.directory.absolute() / name for name in OUTPUT]

    def open_output(self, stack: ExitStack) -> list[int]:
        """Open the files of its output until *stack* ends, and return their descriptors.

        :raises OSError: they cannot be written.
        """
        descriptors = []
        for path in self.output():
            descriptors.append(os.open(path, *HOW_TO_OPEN))
            stack.callback(os.close, descriptors[-1])
        return descriptors

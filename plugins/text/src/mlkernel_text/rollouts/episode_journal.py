"""The file that holds the episodes of one iteration."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from mlkernel import StorageError, UsageError
from mlkernel_text.answers.json_bytes import json_bytes
from mlkernel_text.rollouts.episode import Episode
from mlkernel_text.rollouts.episode_record import episode_of, episode_record
from mlkernel_text.scenario.scenario import Split


class EpisodeJournal:
    """JSON Lines, one episode a line, appended as it ends; a last line that was torn by a crash is cut off.

    What :meth:`append` wrote survives the death of the process; :meth:`sync` makes it survive that of the machine.

    :param path: made when the first episode is appended.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    @classmethod
    def of_run(cls, run: Path, split: Split, iteration: int) -> EpisodeJournal:
        """The journal of one iteration of the run in the folder *run*."""
        return cls(run / "artifacts" / "rollouts" / f"{split}-{iteration:04d}.jsonl")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def episodes(self) -> Iterator[Episode]:
        """The episodes in the order in which they ended, read one by one.

        :raises UsageError: a line other than a torn last one is damaged; the message names it.
        """
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    return
                try:
                    episode = episode_of(json.loads(line))
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    raise UsageError(
                        f"{self.path}:{number} holds no episode: {error}",
                        hint="Restore the file from a backup, or remove the line: a resumed run samples it again.",
                    ) from error
                yield episode

    def append(self, episode: Episode) -> None:
        """Add an episode, whole or not at all.

        :raises StorageError: the disk is full or refuses to be written.
        """
        content = json_bytes(episode_record(episode)) + b"\n"
        descriptor = self._open()
        size = os.fstat(descriptor).st_size
        rest = memoryview(content)
        try:
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        except OSError as error:
            os.ftruncate(descriptor, size)  # half a line would be glued to the next one
            raise StorageError(f"{self.path} cannot be written: {error.strerror}") from error

    def _open(self) -> int:
        if self._descriptor is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
            os.ftruncate(self._descriptor, _whole_size(self._descriptor))
        return self._descriptor

    def drop(self, is_unwanted: Callable[[Episode], bool]) -> None:
        """Remove episodes; the file is replaced at once or not at all."""
        self.close()
        kept = [episode for episode in self.episodes() if not is_unwanted(episode)]
        with EpisodeJournal(self.path.with_suffix(".new")) as replacement:
            replacement.path.unlink(missing_ok=True)
            for episode in kept:
                replacement.append(episode)
            replacement.sync()
            if replacement.path.exists():
                replacement.path.replace(self.path)
            else:
                self.path.unlink(missing_ok=True)

    def sync(self) -> None:
        """Wait until everything is on the disk."""
        if self._descriptor is not None:
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Close the file; it is opened again when something is appended."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _whole_size(descriptor: int) -> int:
    """Size in bytes up to the end of the last whole line."""
    end, block = os.fstat(descriptor).st_size, 1 << 16
    while end > 0:
        start = max(0, end - block)
        newline = os.pread(descriptor, end - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0

"""``journal.jsonl``: results of durable steps, so that a step which was done is never done again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from mlkernel.records.atomic_file import storage_errors
from mlkernel.records.json_lines import complete_size, read_json_lines

Result = TypeVar("Result")


class Journal:
    """Remembers the result of each named step of a run, across attempts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._results: dict[str, object] = {line["key"]: line["result"] for line in read_json_lines(path)}
        if path.exists():
            with storage_errors(path):
                os.truncate(path, complete_size(path))

    def once(self, key: str, function: Callable[[], Result]) -> Result:
        """Call *function* unless the step *key* was done before; return the result of the one time it was done.

        :param function: returns what JSON can hold; a tuple comes back as a list.
        :raises TypeError: the result is nothing that JSON can hold.
        :raises StorageError: the result could not be written.
        """
        if key not in self._results:
            result = function()
            try:
                line = json.dumps({"key": key, "result": result})
            except TypeError as error:
                raise TypeError(f"the result of step {key!r} cannot be journalled: {error}") from None
            self._append(line)
            # What later attempts will read back, so that the first attempt sees the same types.
            self._results[key] = json.loads(line)["result"]
        return self._results[key]  # type: ignore[return-value]

    def _append(self, line: str) -> None:
        with storage_errors(self._path), self._path.open("ab") as file:
            file.write(line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

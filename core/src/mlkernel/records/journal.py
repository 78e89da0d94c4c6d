"""``journal.jsonl``: results of durable steps, so that a step which was done is never done again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from mlkernel.records.atomic_file import storage_errors
from mlkernel.records.json_lines import append_whole, complete_size, read_json_lines

Result = TypeVar("Result")


class Journal:
    """Remembers the result of each named step of a run, across attempts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._results = {line["key"]: json.dumps(line["result"]) for line in read_json_lines(path)}
        if path.exists():
            with storage_errors(path):
                os.truncate(path, complete_size(path))

    def once(self, key: str, function: Callable[[], Result]) -> Result:
        """Call *function* unless the step *key* was done before; return the result of the one time it was done.

        :param function: returns what JSON can hold; a tuple comes back as a list.
        :raises TypeError: the result is nothing that JSON can hold; the step counts as not done.
        :raises StorageError: the result could not be written.
        """
        if key not in self._results:
            try:
                text = json.dumps(function())
            except TypeError as error:
                raise TypeError(f"the result of step {key!r} cannot be journalled: {error}") from None
            self._append(f'{{"key": {json.dumps(key)}, "result": {text}}}\n')
            self._results[key] = text
        # Read from text each time: every caller gets the types that a later attempt will, and an object of its own.
        result: Result = json.loads(self._results[key])
        return result

    def _append(self, line: str) -> None:
        with storage_errors(self._path), self._path.open("ab", buffering=0) as file:
            append_whole(file, line.encode())
            os.fsync(file.fileno())

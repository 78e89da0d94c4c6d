"""The models that a run had in each iteration, for itself and for runs that test them anew."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from mlkernel import Run, UsageError

_NAME = re.compile(r"(\d+)\.json")


class BaseRun:
    """An earlier run, whose models are tested anew.

    :param directory: its run directory.
    :raises UsageError: it is none of a pure-text trainer.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        folder = self.directory / "artifacts" / "models"
        files = {
            int(match[1]): path for path in folder.glob("*.json") if (match := _NAME.fullmatch(path.name))
        }
        if not files:
            raise UsageError(
                f"{directory} holds no models of a pure-text trainer",
                hint="rerun_tests_of is a run directory, such as runs/expert-iteration-....",
            )
        self.speakers: list[tuple[int, dict[str, dict[str, str]]]] = [
            (iteration, json.loads(path.read_text(encoding="utf-8")))
            for iteration, path in sorted(files.items())
        ]
        """Iteration, and the ``models`` by group and ``instructions`` by agent with which it began."""


def save_speakers(
    run: Run, iteration: int, models: Mapping[str, str], instructions: Mapping[str, str]
) -> None:
    """Keep who speaks at the beginning of *iteration*."""
    speakers = {"models": dict(models), "instructions": dict(instructions)}
    with run.artifact(f"models/{iteration:04d}.json") as path:
        path.write_text(json.dumps(speakers, indent=2) + "\n", encoding="utf-8")

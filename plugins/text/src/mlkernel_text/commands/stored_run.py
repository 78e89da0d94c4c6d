"""A run on disk, as commands name it, and the episodes in it."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from mlkernel import UnknownNameError, UsageError, configure
from mlkernel_text.rollouts.episode_journal import EpisodeJournal
from mlkernel_text.scenario.scenario import Scenario

_NAME = re.compile(r"(train|validation|test)-(\d+)\.jsonl")


class StoredRun:
    """The run directory of a pure-text trainer.

    :param text: its path, its name or the beginning of it, or ``latest``.
    :param runs: the folder where runs lie; ``$MLKERNEL_RUNS``, else ``./runs``.
    :raises UnknownNameError: there is no such run, or several.
    """

    def __init__(self, text: str, runs: str | None = None) -> None:
        self.directory = _find(text, Path(runs or os.environ.get("MLKERNEL_RUNS") or "runs"))

    def journals(self, split: str | None = None, iteration: int | None = None) -> list[EpisodeJournal]:
        """The files of episodes, in order of splits and iterations.

        :raises UsageError: there are none.
        """
        found = []
        for path in sorted((self.directory / "artifacts" / "rollouts").glob("*.jsonl")):
            match = _NAME.fullmatch(path.name)
            if match and split in (None, match[1]) and iteration in (None, int(match[2])):
                found.append(EpisodeJournal(path))
        if not found:
            wanted = " ".join(str(part) for part in (split, iteration) if part is not None)
            raise UsageError(
                f"{self.directory} holds no episodes" + (f" of {wanted}" if wanted else ""),
                hint="kernel rollouts list RUN tells what there is.",
            )
        return found

    def scenario(self) -> Scenario:
        """The scenario that was played.

        :raises UsageError: the run is none of a pure-text trainer.
        """
        plan = json.loads((self.directory / "plan.json").read_text(encoding="utf-8"))
        chosen = plan["config"]["trainer"].get("scenario")
        if not isinstance(chosen, dict):
            raise UsageError(f"{self.directory} is no run of a pure-text trainer: its plan names no scenario")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "scenario.json"
            file.write_text(json.dumps({"scenario": chosen}), encoding="utf-8")
            scenario: Scenario = configure("scenario", config_files=[file]).make(
                plan["config"]["run"]["seed"]
            )
        return scenario


def _find(text: str, root: Path) -> Path:
    if (Path(text) / "plan.json").is_file():
        return Path(text)
    runs = sorted(root.glob("*/plan.json"), key=lambda plan: plan.stat().st_ctime_ns)
    names = [plan.parent.name for plan in runs]
    fitting = [text] if text in names else [name for name in names if name.startswith(text)]
    if text == "latest":
        fitting = names[-1:]
    if len(fitting) != 1:
        raise UnknownNameError(_unknown(text, root, fitting), hint="kernel list shows all runs.")
    return root / fitting[0]


def _unknown(text: str, root: Path, fitting: Sequence[str]) -> str:
    if fitting:
        return f"{len(fitting)} runs in {root} begin with {text!r}: {', '.join(sorted(fitting)[:6])}"
    return f"there is no run {text!r} in {root}"

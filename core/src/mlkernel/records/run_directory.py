"""The run directory: the truth about a run. This module names its files and finds directories."""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path

from attrs import frozen

from mlkernel.errors import UnknownNameError

RUNS_VARIABLE = "MLKERNEL_RUNS"


@frozen
class RunDirectory:
    """``runs/ID`` and the names of everything inside it."""

    path: Path

    @property
    def run_id(self) -> str:
        """The run's name."""
        return self.path.name

    @property
    def plan(self) -> Path:
        """What was asked: configuration, versions and provenance."""
        return self.path / "plan.json"

    @property
    def status(self) -> Path:
        """Where the run stands."""
        return self.path / "status.json"

    @property
    def metrics(self) -> Path:
        """What the trainer logged, one record a line."""
        return self.path / "metrics.jsonl"

    @property
    def events(self) -> Path:
        """What happened, structured, one event a line."""
        return self.path / "events.jsonl"

    @property
    def journal(self) -> Path:
        """Results of durable steps, one a line."""
        return self.path / "journal.jsonl"

    @property
    def checkpoints(self) -> Path:
        """One folder for each checkpoint."""
        return self.path / "checkpoints"

    @property
    def artifacts(self) -> Path:
        """What the trainer keeps."""
        return self.path / "artifacts"

    @property
    def lock(self) -> Path:
        """Held by the process that trains."""
        return self.path / "lock"

    @property
    def stop_request(self) -> Path:
        """Its existence asks the run to stop at the next boundary."""
        return self.path / "stop"


def runs_root(chosen: str | Path | None = None) -> Path:
    """The folder that holds run directories: *chosen*, else ``$MLKERNEL_RUNS``, else ``./runs``."""
    return Path(chosen or os.environ.get(RUNS_VARIABLE) or "runs")


def run_directories(root: Path) -> list[RunDirectory]:
    """Every run directory in *root*, oldest first."""
    if not root.is_dir():
        return []
    found = [RunDirectory(path) for path in root.iterdir() if (path / "plan.json").is_file()]
    return sorted(found, key=lambda directory: (directory.plan.stat().st_ctime_ns, directory.run_id))


def find_run(text: str, root: Path) -> RunDirectory:
    """The run that *text* names: a path, a run's name, a unique beginning of one, or ``latest``.

    :raises UnknownNameError: nothing fits, or several runs begin so.
    """
    if (Path(text) / "plan.json").is_file():
        return RunDirectory(Path(text).resolve())
    directories = run_directories(root)
    if text == "latest" and directories:
        return directories[-1]
    by_name = {directory.run_id: directory for directory in directories}
    if text in by_name:
        return by_name[text]
    fitting = [name for name in by_name if name.startswith(text)]
    if len(fitting) == 1:
        return by_name[fitting[0]]
    raise _unknown(text, root, list(by_name), fitting)


def _unknown(text: str, root: Path, names: list[str], fitting: list[str]) -> UnknownNameError:
    if fitting:
        return UnknownNameError(
            f"{len(fitting)} runs in {root} begin with {text!r}: {', '.join(sorted(fitting)[:6])}",
            hint="Write more of the name.",
        )
    if not names:
        return UnknownNameError(
            f"no run {text!r}: there are no runs in {root}",
            hint="Start one with kernel run --trainer NAME, or name another folder with --runs DIRECTORY.",
        )
    close = get_close_matches(text, names, n=1)
    suggestion = f"Did you mean {close[0]}? " if close else ""
    return UnknownNameError(
        f"no run {text!r} in {root}", hint=f"{suggestion}kernel list shows all; 'latest' names the newest."
    )

"""An offline run of W&B for each run; those of a study are a group."""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import wandb

from mlkernel import RunFacts, TrackedRecord, TrackedRun
from mlkernel_wandb.offline_file import wait_for_end
from mlkernel_wandb.wandb_config import WandbConfig

QUIET = {
    "mode": "offline",
    "console": "off",
    "silent": True,
    "disable_git": True,
    "disable_code": True,
    "x_disable_stats": True,
    "x_disable_meta": True,
    "x_disable_machine_info": True,
}
"""No log in, no network, and nothing of the follower's own process, which is not what trains."""
EXIT_CODES = {"failed": 1}


class WandbTracker:
    """Writes the offline run anew each time, under the same identifier: W&B goes on with none of them.

    Metrics are named ``train/loss``, over ``train/step``; W&B's own step is the number of the record.
    """

    rewrites: ClassVar[bool] = True

    def __init__(self, config: WandbConfig, run: TrackedRun, memory: Mapping[str, str] | None) -> None:
        """Begin the run, and remove what earlier followers wrote of it."""
        if memory is None:
            folder = run.directory if config.directory is None else Path(config.directory).absolute()
            memory = {"directory": str(folder / "wandb"), "project": config.project, "run": run.key}
        elif config.directory is None:  # the run's directory may have moved
            memory = {**memory, "directory": str(run.directory / "wandb")}
        self._memory, self._tracked = memory, run
        self._state = "running"
        self._phases: set[str] = set()
        directory = Path(memory["directory"])
        directory.mkdir(parents=True, exist_ok=True)
        earlier = list(directory.glob(f"offline-run-*-{memory['run']}"))
        self._run = self._begin(config, run, directory)
        for path in earlier:
            if path != Path(self._run.dir).parent:
                shutil.rmtree(path)

    @property
    def memory(self) -> Mapping[str, str]:
        """The folder, the project, and the run's identifier."""
        return self._memory

    def log(self, records: Sequence[TrackedRecord]) -> None:
        """Append a step for each record."""
        for record in records:
            prefix = "" if record.phase is None else f"{record.phase}/"
            if prefix not in self._phases:
                self._phases.add(prefix)
                self._run.define_metric(f"{prefix}*", step_metric=f"{prefix}step")
            values = {**record.named_metrics(), f"{prefix}step": record.step, "_timestamp": record.time}
            self._run.log(values, step=record.number)

    def describe(self, facts: RunFacts) -> None:
        """Set what the table of runs shows."""
        self._state = facts.state
        summary: dict[str, Any] = {
            "state": facts.state,
            "attempts": facts.attempts,
            **({"reason": facts.reason} if facts.reason else {}),
            **{f"best/{name}": _finite(value) for name, value in facts.results.items()},
            **{f"note/{name}": text for name, text in facts.notes.items()},
            **{f"artifact/{self._tracked.artifact_name(path)}": str(path) for path in facts.artifacts},
        }
        self._run.summary.update(summary)
        if facts.changes:
            self._run.config.update(dict(facts.changes), allow_val_change=True)

    def close(self) -> None:
        """End W&B's run: its file is complete then."""
        (file,) = Path(self._run.dir).parent.glob("run-*.wandb")
        self._run.finish(exit_code=EXIT_CODES.get(self._state, 0))
        wait_for_end(file)

    def _begin(self, config: WandbConfig, run: TrackedRun, directory: Path) -> wandb.Run:
        return wandb.init(
            entity=config.entity,
            project=self._memory["project"],
            id=self._memory["run"],
            name=run.name,
            group=run.group,
            dir=str(directory.parent),
            config={**run.parameters, **{f"mlkernel.{name}": text for name, text in run.tags.items()}},
            reinit="create_new",
            settings=wandb.Settings(**QUIET),
        )


def _finite(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)

"""Run directories as a run leaves them, made without training."""

from __future__ import annotations

import math

from mlkernel.records.metrics import MetricWriter
from mlkernel.records.run_directory import RunDirectory
from mlkernel.records.status import BestValue, Status, write_status
from mlkernel.run.plan import ChosenTrainer, Plan


def record_run(root, name, *, trainer="ppo", seed=0, values=None, records=(), status=None):
    """Write plan, status and metrics; *records* are (phase, iteration, seconds, metrics)."""
    directory = RunDirectory(root / name)
    directory.path.mkdir(parents=True)
    Plan(
        run_id=name,
        created="2026-01-02T03:04:05+00:00",
        trainer=ChosenTrainer(
            name=trainer, reference=f"mlkernel-rl:{trainer}", distribution="mlkernel-rl", version="0.1.0"
        ),
        config={
            "trainer": values or {"lr": 0.001, "env": {"name": "CartPole-v1"}},
            "run": {"seed": seed, "name": None},
            "checkpoint": {"keep_last": 2},
        },
        provenance={
            "python": "3.11.9",
            "platform": "Linux",
            "mlkernel": "0.1.0",
            "plugins": [],
            "packages": {"torch": "2.13.0"},
            "command": ["kernel", "run", "--trainer", trainer],
        },
    ).write(directory.plan)
    write_status(directory, status or finished_status())
    write_metrics(directory, records)
    return directory


def write_metrics(directory, records):
    writer = MetricWriter(directory.metrics)
    for record in records:
        writer.append(*record)
    writer.close()


def finished_status(value=475.0):
    status = Status()
    status.begin_attempt()
    status.progress = {"train": (100, 100)}
    status.best = BestValue(metric="return", value=value, mode="max")
    status.notes = {"inner loop": "fused"}
    status.end_attempt("finished")
    return status


def rising_returns(seed, points=60, scale=500.0):
    """A return that rises, with noise of its own for each seed."""
    return [
        (
            "train",
            i,
            2.0 * i,
            {
                "return": scale * (1 - math.exp(-(i + 3 * seed) / 20)) + 30 * math.sin(7.3 * i * (seed + 1)),
                "frames": 1024 * (i + 1),
                "loss": 1 / (i + 1) + 0.05 * math.cos(5.1 * i + seed),
            },
        )
        for i in range(points)
    ]

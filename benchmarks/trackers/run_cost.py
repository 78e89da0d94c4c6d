"""What a tracker costs the process that trains: followed from outside, and called in the loop.

``python benchmarks/trackers/run_cost.py [ROUNDS RECORDS]`` prints medians of interleaved rounds. Each case is a run in
a process of its own that logs two metrics per iteration. CPU time is that of the training process, from its first
instruction to its last, children not included; the follower's is shown beside it.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CASES = ("none", "tensorboard", "mlflow", "wandb")
TRAINER = """
import math
import os
import resource
import time
from typing import Any

from attrs import frozen
from mlkernel import Run, Trainer, option


@frozen(kw_only=True)
class Config:
    records: int = option(2000, help="How many.")
    inside: str = option("none", help="What is called in the loop.")


class Logs(Trainer):
    Config = Config

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        pass

    def train(self) -> None:
        log, close = LIBRARIES[self.config.inside](self.run)
        begun, cpu = time.perf_counter(), time.process_time()
        for iteration in self.run.loop("train", self.config.records):
            metrics = {"loss": math.exp(-iteration.number / 1000), "accuracy": 0.5}
            iteration.log(metrics)
            log(metrics, iteration.number)
        self.run.note("loop_cpu", time.process_time() - cpu)
        self.run.note("loop_wall", time.perf_counter() - begun)
        close()
        used = resource.getrusage(resource.RUSAGE_SELF)
        self.run.note("cpu", used.ru_utime + used.ru_stime)
        self.run.note("memory", used.ru_maxrss / 1024)


def nothing(run: Run) -> Any:
    return lambda metrics, step: None, lambda: None


def tensorboard(run: Run) -> Any:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(run.directory / "inside"))

    def log(metrics: dict[str, float], step: int) -> None:
        values = [Summary.Value(tag=name, simple_value=value) for name, value in metrics.items()]
        writer.add_event(Event(wall_time=time.time(), step=step, summary=Summary(value=values)))

    return log, writer.close


def mlflow(run: Run) -> Any:
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    import mlflow as library

    library.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
    library.start_run()
    return lambda metrics, step: library.log_metrics(metrics, step=step), library.end_run


def wandb(run: Run) -> Any:
    import wandb as library

    begun = library.init(mode="offline", dir=str(run.directory), settings=library.Settings(silent=True))
    return lambda metrics, step: begun.log(metrics, step=step), begun.finish


LIBRARIES = {"none": nothing, "tensorboard": tensorboard, "mlflow": mlflow, "wandb": wandb}
"""


def main(rounds: int, records: int) -> None:
    """Measure and print."""
    found: dict[tuple[str, str], list[dict[str, float]]] = {}
    for _ in range(rounds):
        for case in CASES:
            for how in ("followed", "inside") if case != "none" else ("alone",):
                found.setdefault((case, how), []).append(measure(case, how, records))
    print(f"{records} records of two metrics, medians of {rounds} rounds; load {os.getloadavg()[0]:.1f}\n")
    print("| tracker | | CPU of the process that trains | µs CPU per record | its memory | follower's CPU |")
    print("|---|---|---|---|---|---|")
    for (case, how), results in found.items():
        median = {name: statistics.median(one[name] for one in results) for name in results[0]}
        print(
            f"| {case} | {how} | {median['cpu']:.2f} s | {median['loop_cpu'] / records * 1e6:.0f} "
            f"| {median['memory']:.0f} MB | {median['follower']:.2f} s |"
        )


def measure(case: str, how: str, records: int) -> dict[str, float]:
    """One run."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "trainer.py").write_text(TRAINER, encoding="utf-8")
        environment = {
            **os.environ,
            "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
            "OMP_NUM_THREADS": "1",
        }
        tracked = ["--tracker", case] if how == "followed" else []
        inside = case if how == "inside" else "none"
        words = ["run", "--trainer", "./trainer.py:Logs", "--progress-bar", "none", *tracked]
        options = [f"records={records}", f"inside={inside}"]
        subprocess.run(
            [sys.executable, "-m", "mlkernel", *words, *options],
            cwd=folder,
            env=environment,
            capture_output=True,
            check=True,
        )
        (run,) = (folder / "runs").iterdir()
        notes: dict[str, float] = json.loads((run / "status.json").read_text())["notes"]
        follower = _follower_cpu(run, case) if tracked else 0.0
        return {**notes, "follower": follower}


def _follower_cpu(run: Path, tracker: str) -> float:
    """What it says that it used, when it has delivered everything."""
    log = run / "trackers" / f"{tracker}.log"
    while True:
        if log.exists() and (said := re.search(r"everything was delivered, in ([\d.]+) s", log.read_text())):
            return float(said[1])
        time.sleep(0.1)


if __name__ == "__main__":
    main(*([int(word) for word in sys.argv[1:]] or [3, 2000]))

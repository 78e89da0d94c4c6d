"""CPU time of ``kernel study show`` of a long study: ``python benchmarks/search/show_cost.py --trials 100000``."""

from __future__ import annotations

import argparse
import math
import random
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mlkernel.study.store.records import RunRecord, StudyRecord, TrialRecord
from mlkernel.study.study_directory import StudyDirectory

ROUNDS = 5


def trial(number: int, values: list[float]) -> TrialRecord:
    """One that has finished."""
    point = {"trainer.lr": 0.01, "trainer.layers": 3, "trainer.activation": "relu"}
    run = RunRecord(trial=number, place=0, seed=0, state="finished", attempt=1, values=tuple(values))
    return TrialRecord(
        number=number, parameters=point, state="finished", values=tuple(values), sequence=number, runs=(run,)
    )


def scattered(trials: int, objectives: int) -> Iterator[TrialRecord]:
    """Values that are drawn uniformly: the Pareto front is short."""
    rng = random.Random(1)
    for number in range(trials):
        yield trial(number, [rng.random() for _ in range(objectives)])


def on_a_sphere(trials: int, objectives: int) -> Iterator[TrialRecord]:
    """Values of which none is better than another: all of them are the Pareto front."""
    rng = random.Random(1)
    for number in range(trials):
        point = [abs(rng.gauss(0, 1)) for _ in range(objectives)]
        yield trial(number, [1 - value / math.hypot(*point) for value in point])


def make_study(folder: Path, trials: Iterator[TrialRecord], objectives: int) -> None:
    """A study that has finished."""
    chosen = [{"metric": f"loss{number}", "mode": "min"} for number in range(objectives)]
    study = StudyRecord(
        name=folder.name, configuration={"objectives": chosen, "trainer": "t"}, state="finished"
    )
    store = StudyDirectory(folder).create()
    store.restore(study, [], trials, [])
    store.close()


def seconds(folder: Path) -> float:
    """CPU time of the command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    words = [sys.executable, "-m", "mlkernel", "study", "show", str(folder)]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print the medians of some rounds, which take turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=100_000)
    parser.add_argument("--objectives", nargs="+", type=int, default=[1, 2, 3, 4])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folders = []
        for made in (scattered, on_a_sphere):
            for count in arguments.objectives:
                folder = Path(temporary) / f"{made.__name__}-{count}"
                make_study(folder, made(arguments.trials, count), count)
                folders.append(folder)
        rounds = [[seconds(folder) for folder in folders] for _ in range(ROUNDS)]
    print("| study of so many objectives | CPU, s |\n|---|---|")
    for folder, times in zip(folders, zip(*rounds, strict=True), strict=True):
        print(f"| {folder.name} | {statistics.median(times):.2f} |")


if __name__ == "__main__":
    main()

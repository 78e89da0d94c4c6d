"""What a study costs beside its trials: ``python benchmarks/search/overhead.py --trials 1000``.

CPU time of the driver's process, from the slope between a short and a long study, so that start and end count for
nothing; two warm workers, a trivial objective, a durable store.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TARGETS = """
def trivial(config):
    return {"loss": config["x"]}

def reports(config, reporter):
    for step in range(1, 201):
        reporter(step=step, loss=1 / step)
"""
HEAVY = ("numpy", "optuna", "torch", "pandas", "scipy")
REPORTS = 200


def measure(folder: Path, function: str, scheduler: str, trials: int) -> None:
    """Drive one study here, and print what it took."""
    from mlkernel.study.engine.study_display import PlainStudyLines
    from mlkernel.study.engine.study_session import start_study
    from mlkernel.study.engine.study_settings import build_study

    words = [f"study.trainer={folder}/targets.py:{function}", "space.x=uniform(0,1)", "algorithm=random"]
    words += [f"scheduler={scheduler}", f"trials={trials}", "jobs=2", f"max_step={REPORTS}", "name=study"]
    config = build_study([], words)
    began, wall = time.process_time(), time.monotonic()
    with tempfile.TemporaryDirectory(dir=folder) as studies, (folder / "said").open("w") as said:
        outcome = start_study(config, PlainStudyLines(said), studies=Path(studies))
        cpu, wall = time.process_time() - began, time.monotonic() - wall
        store = outcome.directory.open()
        reports = sum(1 for _ in store.reports("study"))
        store.close()
    print(
        json.dumps(
            {
                "cpu": cpu,
                "wall": wall,
                "reports": reports,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "heavy": [name for name in HEAVY if name in sys.modules],
            }
        )
    )


def in_child(folder: Path, function: str, scheduler: str, trials: int) -> dict[str, float]:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--measure", str(folder), function, scheduler, str(trials)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--measure", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        place, function, scheduler, trials = arguments.measure
        measure(Path(place), function, scheduler, int(trials))
        return
    with tempfile.TemporaryDirectory() as place:
        folder, many = Path(place), arguments.trials
        (folder / "targets.py").write_text(TARGETS)
        few = max(1, many // 5)
        short, long = (in_child(folder, "trivial", "fifo", count) for count in (few, many))
        per_trial = (long["cpu"] - short["cpu"]) / (many - few)
        wall = (long["wall"] - short["wall"]) / (many - few)
        print(
            f"per trial, random search: {1000 * per_trial:.3f} ms CPU of the driver, {1000 * wall:.2f} ms in all"
        )
        print(f"driver at its peak: {long['peak_mb']:.0f} MB; heavy libraries: {long['heavy'] or 'none'}")
        short, long = (in_child(folder, "reports", "asha", count) for count in (few // 4, many // 4))
        per_report = (long["cpu"] - short["cpu"]) / (long["reports"] - short["reports"])
        print(f"per report with a decision of asha: {1e6 * per_report:.0f} us CPU, trials included")


if __name__ == "__main__":
    main()

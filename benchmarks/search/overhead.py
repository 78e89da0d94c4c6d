"""What a study costs beside its trials: ``python benchmarks/search/overhead.py --trials 1000``.

CPU time of the driver's process between a tenth of the study and its end, so that the start counts for nothing; two
warm workers, a trivial objective, a durable store.
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
STEPS = 200


class Meter:
    """A display that looks at the clock of the process instead."""

    def __init__(self, trials: int) -> None:
        self._from = trials // 10
        self.marks: list[tuple[float, float, int, int]] = []
        """CPU time, time, ended trials and reports, from the tenth on."""

    def say(self, text: str) -> None:
        """Nothing to say."""

    def refresh(self, state: object) -> None:
        """Note how far the study is."""
        ended = getattr(state, "ended", 0)
        if ended >= self._from:
            mark = (time.process_time(), time.monotonic(), ended, state.curves.report_count)
            self.marks[1:] = [mark]

    def close(self) -> None:
        """Nothing is open."""


def measure(folder: Path, function: str, scheduler: str, trials: int) -> None:
    """Drive one study here, and print what it took."""
    from mlkernel.study.engine.study_session import start_study
    from mlkernel.study.engine.study_settings import build_study

    words = [f"study.trainer={folder}/targets.py:{function}", "space.x=uniform(0,1)", "algorithm=random"]
    words += [f"scheduler={scheduler}", f"trials={trials}", "jobs=2", f"max_step={STEPS}", "name=study"]
    meter = Meter(trials)
    start_study(build_study([], words), meter, studies=folder / f"{function}-studies")
    first, last = meter.marks
    cpu, wall, ended, reports = (after - before for before, after in zip(first, last, strict=True))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    heavy = [name for name in HEAVY if name in sys.modules]
    print(
        json.dumps(
            {"cpu": cpu, "wall": wall, "ended": ended, "reports": reports, "peak": peak, "heavy": heavy}
        )
    )


def in_child(folder: Path, function: str, scheduler: str, trials: int) -> dict[str, float]:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--measure", str(folder), function, scheduler, str(trials)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Print what trials and reports cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--measure", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        place, function, scheduler, trials = arguments.measure
        measure(Path(place), function, scheduler, int(trials))
        return
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "targets.py").write_text(TARGETS)
        trivial = in_child(folder, "trivial", "fifo", arguments.trials)
        reports = in_child(folder, "reports", "asha", max(20, arguments.trials // 20))
    cpu, wall = (1000 * trivial[key] / trivial["ended"] for key in ("cpu", "wall"))
    print(f"per trial, random search: {cpu:.3f} ms CPU of the driver, {wall:.2f} ms in all")
    print(f"driver at its peak: {trivial['peak']:.0f} MB; heavy libraries: {trivial['heavy'] or 'none'}")
    print(
        f"per report with a decision of asha: {1e6 * reports['cpu'] / reports['reports']:.0f} us CPU of the driver, "
        f"{reports['reports'] / reports['ended']:.0f} reports a trial"
    )


if __name__ == "__main__":
    main()

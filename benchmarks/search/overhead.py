"""What a study costs beside what it trains: ``python benchmarks/search/overhead.py --rounds 5``.

Two workers, a trivial objective, a durable store. CPU time, since it hardly depends on what else a machine does; each
round measures everything once, and the medians are printed. The driver's time is taken between a tenth of a study and
its end, so that the start counts for nothing.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

TARGETS = """
def trivial(config):
    return {"loss": config["x"]}

def reports(config, reporter):
    for step in range(1, 201):
        reporter(step=step, loss=config["x"] / step)
"""
STUDIES = {
    "trials": ("trivial", "scheduler=fifo"),
    "reports": ("reports", "scheduler=asha", "scheduler.min_step=100", "max_step=200"),
    "processes": ("trivial", "scheduler=fifo", "reuse_workers=false"),
}
"""Function and options. Reports under ASHA come from trials that are long, so that they are what is paid for."""
PR_SET_CHILD_SUBREAPER = 36
HEAVY = ("numpy", "optuna", "torch", "pandas", "scipy")


class Meter:
    """A display that looks at the clocks instead: twice, since each look costs more than a display that is not due.

    :param start: so many trials have ended when the measurement begins.
    :param end: and so many when it ends.
    """

    def __init__(self, start: int, end: int) -> None:
        self._start, self._end = start, end
        self.marks: list[dict[str, float]] = []
        """The first and the last reading."""

    def say(self, text: str) -> None:
        """Nothing to say."""

    def refresh(self, state: object) -> None:
        """Note how far the study is."""
        ended = getattr(state, "ended", 0)
        if ended >= (self._end if self.marks else self._start):
            mark = {"cpu": time.process_time(), "wall": time.monotonic()}
            self.marks[1:] = [{**mark, "trials": ended, "reports": state.curves.report_count}]

    def close(self) -> None:
        """Nothing is open."""


def adopt_orphans() -> None:
    """Become the parent of all processes below this one that lose theirs, so that their time can be read."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def cpu_of_children() -> float:
    """Seconds, of all processes that this one has waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def drive(folder: Path, name: str, trials: int) -> dict[str, object]:
    """Drive one study here, and say what it took."""
    from mlkernel.study.engine.study_session import start_study
    from mlkernel.study.engine.study_settings import build_study

    adopt_orphans()
    function, *words = STUDIES[name]
    (folder / "targets.py").write_text(TARGETS)
    words += [f"study.trainer={folder}/targets.py:{function}", "space.x=uniform(0,1)", "algorithm=random"]
    words += [f"trials={trials}", "jobs=2", "name=study"]
    meter, before = Meter(trials // 10, trials), cpu_of_children()
    start_study(build_study([], words), meter, studies=folder)
    with suppress(ChildProcessError):  # when no worker is left
        while True:
            os.wait()
    first, last = meter.marks
    return {
        **{key: last[key] - first[key] for key in first},
        "children": (cpu_of_children() - before) / trials,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "heavy": ", ".join(name for name in HEAVY if name in sys.modules) or "none",
    }


def in_process(name: str, trials: int) -> dict[str, float]:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--study", name, "--trials", str(trials)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def bare_process(times: int) -> float:
    """CPU seconds of a process that calls the function and does nothing else."""
    command = [sys.executable, "-c", f"{TARGETS}\nprint(trivial({{'x': 0.5}}))"]
    before = cpu_of_children()
    for _ in range(times):
        subprocess.run(command, capture_output=True, check=True)
    return (cpu_of_children() - before) / times


def one_round(trials: int) -> dict[str, float]:
    """Everything once."""
    few = max(20, trials // 20)
    warm, reports = in_process("trials", trials), in_process("reports", few)
    cold, bare = in_process("processes", few), bare_process(few)
    of_a_trial = warm["cpu"] / warm["trials"]
    return {
        "a trial with random search, ms": 1e3 * of_a_trial,
        "a report with a decision of ASHA, µs": 1e6
        * (reports["cpu"] - reports["trials"] * of_a_trial)
        / reports["reports"],
        "a trial in a warm worker, ms of the worker": 1e3 * warm["children"],
        "a trial in a process of its own, ms of all processes beyond a bare one": 1e3
        * (cold["children"] + cold["cpu"] / cold["trials"] - bare),
        "the driver at its peak, MB": warm["peak"],
    }


def main() -> None:
    """Print medians, and the smallest of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--study", choices=STUDIES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.study:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            print(json.dumps(drive(Path(folder), arguments.study, arguments.trials)))
        return
    rounds = [one_round(arguments.trials) for _ in range(arguments.rounds)]
    print(f"| CPU time of | median of {len(rounds)} | smallest |\n|---|---|---|")
    for what in rounds[0]:
        found = [one[what] for one in rounds]
        print(f"| {what} | {statistics.median(found):.2f} | {min(found):.2f} |")


if __name__ == "__main__":
    main()

"""What a job of ``local`` costs beside a bare subprocess: ``python benchmarks/launcher/job_cost.py``.

The CPU time of a forked job includes its share of that of the process from which all of them are forked.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from mlkernel import Choice, JobHandle, JobSpec, Launcher

COMMAND = ("/bin/date", "+%s.%N")
MODULE = """
import mlkernel.study.worker.worker, time

if __name__ == "__main__":
    print(time.time())
"""
PYTHON = (sys.executable, "-m", "imports")
"""Runs the module, which imports what a worker does; as a job it may be forked."""
PAUSE_SECONDS = 0.001


def run_bare(command: tuple[str, ...], folder: Path, _: str) -> str:
    """Run the command as anybody would; return what it wrote."""
    with (folder / "bare.txt").open("wb") as file:
        words = {"stdin": subprocess.DEVNULL, "stdout": file, "stderr": file, "start_new_session": True}
        subprocess.Popen(command, **words).wait()
    return (folder / "bare.txt").read_text()


def run_job(command: tuple[str, ...], launcher: Launcher, folder: Path, key: str) -> str:
    """Run the command as a job; return what it wrote."""
    key = f"{Path(command[0]).name}-{key}"
    spec = JobSpec(key=key, argv=command, directory=folder / key, forkable=command is PYTHON)
    (handle,) = launcher.submit([spec])
    while launcher.poll([handle])[key].state == "running":
        time.sleep(PAUSE_SECONDS)
    return launcher.logs(handle, "stdout")[0].decode()


def cpu_seconds() -> float:
    """Of this process and of all that have ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def measured(run: Callable[[str], str], key: str) -> tuple[float, float, float]:
    """Milliseconds until the command began, until its end was known, and of CPU time."""
    cpu, started, on_the_clock = cpu_seconds(), time.perf_counter(), time.time()
    began = float(run(key)) - on_the_clock
    return 1e3 * began, 1e3 * (time.perf_counter() - started), 1e3 * (cpu_seconds() - cpu)


def supervisor_memory(folder: Path, launcher: Launcher) -> float:
    """Megabytes that a supervisor of a sleeping job has for itself, shared pages divided."""
    handles: list[JobHandle] = launcher.submit(
        [JobSpec(key="sleeps", argv=("sleep", "60"), directory=folder)]
    )
    time.sleep(1)
    pid = json.loads((folder / "handles" / "sleeps.running.json").read_text())["supervisor"][0]
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    launcher.cancel(handles)
    while launcher.poll(handles)["sleeps"].state == "running":
        time.sleep(PAUSE_SECONDS)
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def all_forks(launcher: Launcher) -> float:
    """Milliseconds of CPU time of the process that jobs were forked from, and of those, which is known at its end."""
    before = cpu_seconds()
    launcher.close()
    return 1e3 * (cpu_seconds() - before)


def main() -> None:
    """Print medians of interleaved runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=60)
    arguments = parser.parse_args()
    with TemporaryDirectory() as path:
        folder = Path(path)
        (folder / "imports.py").write_text(MODULE)
        os.environ["PYTHONPATH"] = str(folder)
        launcher: Launcher = Choice(kind="launcher", name="local").make(folder / "handles")
        contestants: dict[str, Callable[[str], str]] = {
            "`date`, a bare `subprocess.Popen`": partial(run_bare, COMMAND, folder),
            "`date`, a job of `local`": partial(run_job, COMMAND, launcher, folder),
            "`python -m`, a bare `subprocess.Popen`": partial(run_bare, PYTHON, folder),
            "`python -m`, a job of `local`, forked": partial(run_job, PYTHON, launcher, folder),
        }
        rows: dict[str, list[tuple[float, float, float]]] = {name: [] for name in contestants}
        for number in range(arguments.runs):
            for name, run in contestants.items():
                rows[name].append(measured(run, str(number)))
        memory = supervisor_memory(folder, launcher)
        forks = all_forks(launcher) / arguments.runs
    print("| | command begins after, ms | end known after, ms | CPU, ms |\n|---|---|---|---|")
    for name, times in rows.items():
        began, ended, cpu = (statistics.median(column) for column in zip(*times, strict=True))
        print(f"| {name} | {began:.1f} | {ended:.1f} | {cpu + forks * name.endswith('forked'):.1f} |")
    print(f"\nmemory of a supervisor: {memory:.1f} MB")


if __name__ == "__main__":
    main()

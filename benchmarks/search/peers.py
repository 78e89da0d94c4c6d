"""A trivial objective in studies of others: ``python benchmarks/search/peers.py --rounds 3``.

Needs optuna, ray[tune], syne-tune and mle-hyperopt beside this project; what is not installed is left out. Random
search, two workers where the library has workers, as durable a state as it offers. A long and a short study are run in
processes of their own, and their difference counts, so that no start does. The rounds take turns, and the medians are
printed: CPU time of all processes, and time, for each trial.
"""

from __future__ import annotations

import argparse
import logging
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

SCRIPT = """
import argparse
from syne_tune import Reporter
parser = argparse.ArgumentParser()
parser.add_argument("--x", type=float)
options, _ = parser.parse_known_args()
Reporter()(loss=(options.x - 2) ** 2)
"""
OPTUNA_WORKER = """
import sys, optuna
sys.path.insert(0, {here!r})
from peers import optuna_storage
optuna.logging.set_verbosity(optuna.logging.ERROR)
study = optuna.load_study(study_name="s", storage=optuna_storage({kind!r}, {folder!r}),
                          sampler=optuna.samplers.RandomSampler())
study.optimize(lambda trial: (trial.suggest_float("x", -10, 10) - 2) ** 2, n_trials={trials})
"""


def loss(config: Mapping[str, Any]) -> float:
    """The trivial objective."""
    return (float(config["x"]) - 2) ** 2


def mlkernel(folder: Path, trials: int) -> None:
    """This project, warm workers, whose time counts, too."""
    from overhead import adopt_orphans

    from mlkernel.cli.main import main as kernel

    adopt_orphans()
    os.chdir(folder)
    words = ["search", "--trainer", f"{__file__}:loss", "--name", "study", "--space", "x=uniform(-10,10)"]
    words += ["--algorithm", "random", "--jobs", "2", "--trials", str(trials)]
    assert kernel(words) == 0, "the study failed"
    with suppress(ChildProcessError):  # when none is left
        while True:
            os.wait()


def optuna_storage(kind: str, folder: str) -> Any:
    """Where Optuna keeps a study."""
    import optuna

    if kind == "sqlite":
        return f"sqlite:///{folder}/study.db"
    return optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(f"{folder}/study.log"))


def optuna_workers(folder: Path, trials: int, kind: str) -> None:
    """Two processes that share a storage."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    optuna.create_study(study_name="s", storage=optuna_storage(kind, str(folder)))
    here = str(Path(__file__).parent)
    code = OPTUNA_WORKER.format(here=here, kind=kind, folder=str(folder), trials=trials // 2)
    workers = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert not any(worker.wait() for worker in workers), "a worker failed"


def ray_tune(folder: Path, trials: int) -> None:
    """Ray Tune with two CPUs."""
    import ray
    from ray import tune

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    tuner = tune.Tuner(
        lambda config: tune.report({"loss": loss(config)}),
        param_space={"x": tune.uniform(-10, 10)},
        tune_config=tune.TuneConfig(metric="loss", mode="min", num_samples=trials, max_concurrent_trials=2),
        run_config=tune.RunConfig(verbose=0, storage_path=str(folder)),
    )
    assert len(tuner.fit()) == trials
    ray.shutdown()


def syne_tune(folder: Path, trials: int) -> None:
    """Syne Tune's local back end: a process for each trial, as it has no other."""
    os.environ["SYNETUNE_FOLDER"] = str(folder)
    logging.disable(logging.CRITICAL)
    from syne_tune import StoppingCriterion, Tuner
    from syne_tune.backend import LocalBackend
    from syne_tune.config_space import uniform
    from syne_tune.optimizer.baselines import RandomSearch

    script = folder / "train.py"
    script.write_text(SCRIPT)
    Tuner(
        trial_backend=LocalBackend(entry_point=str(script)),
        scheduler=RandomSearch({"x": uniform(-10, 10)}, metrics=["loss"]),
        stop_criterion=StoppingCriterion(max_num_trials_finished=trials),
        n_workers=2,
        sleep_time=0.05,
        print_update_interval=1e9,
    ).run()


def mle_hyperopt(folder: Path, trials: int) -> None:
    """mle-hyperopt: no workers; its log, written at each trial, is its state."""
    from mle_hyperopt import RandomSearch

    search = RandomSearch(real={"x": {"begin": -10.0, "end": 10.0, "prior": "uniform"}})
    for _ in range(trials):
        config = search.ask()
        search.tell(config, loss(config))
        search.save(str(folder / "log.json"))


CASES: dict[str, tuple[str, int, Callable[[Path, int], None]]] = {
    "mlkernel, warm workers, SQLite": ("mlkernel", 2000, mlkernel),
    "Optuna, SQLite": ("optuna", 100, lambda folder, trials: optuna_workers(folder, trials, "sqlite")),
    "Optuna, journal": ("optuna", 200, lambda folder, trials: optuna_workers(folder, trials, "journal")),
    "Ray Tune": ("ray", 40, ray_tune),
    "Syne Tune, local back end": ("syne_tune", 8, syne_tune),
    "mle-hyperopt, one process, log saved": ("mle_hyperopt", 200, mle_hyperopt),
}
"""What it needs, the trials of the longer study, and how they are made."""


def cpu_seconds() -> float:
    """Of this process and of all that have ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def study(name: str, trials: int) -> tuple[float, float]:
    """CPU seconds and seconds of one study, with its start and end."""
    command = [sys.executable, __file__, "--case", name, "--trials", str(trials)]
    before, started = cpu_seconds(), time.monotonic()
    subprocess.run(command, check=True, capture_output=True, timeout=600)
    return cpu_seconds() - before, time.monotonic() - started


def of_a_trial(name: str) -> tuple[float, float]:
    """CPU milliseconds and milliseconds of one trial."""
    trials = CASES[name][1]
    long, short = study(name, trials), study(name, trials // 4)
    cpu, wall = (
        1e3 * (whole - part) / (trials - trials // 4) for whole, part in zip(long, short, strict=True)
    )
    return cpu, wall


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--case", help=argparse.SUPPRESS)
    parser.add_argument("--trials", type=int, default=0, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.case:
        warnings.filterwarnings("ignore")
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            CASES[arguments.case][2](Path(folder), arguments.trials)
        return
    found: dict[str, list[tuple[float, float]]] = {
        name: [] for name, (needed, _, _) in CASES.items() if find_spec(needed) is not None
    }
    for _ in range(arguments.rounds):
        for name, rounds in found.items():
            rounds.append(of_a_trial(name))
    print("| | CPU of a trial, ms | time of a trial, ms |\n|---|---|---|")
    for name, rounds in found.items():
        cpu, wall = (statistics.median(column) for column in zip(*rounds, strict=True))
        print(f"| {name} | {cpu:.1f} | {wall:.1f} |")


if __name__ == "__main__":
    main()

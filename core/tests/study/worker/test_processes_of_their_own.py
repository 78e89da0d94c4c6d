"""Trials in processes of their own (``reuse_workers=false``): forks that are as processes that were started."""

from __future__ import annotations

from pathlib import Path

from core.tests.study.engine.studies import command, trials

TARGETS = """
import multiprocessing, os, sys, threading
import neighbour

def looks_around(config):
    seen_before = hasattr(neighbour, "was_here")
    neighbour.was_here = True
    main = sys.modules["__main__"]
    return {
        "loss": config["x"],
        "pid": os.getpid(),
        "is_forked": float("mlkernel.launcher.supervision.server" in sys.modules),
        "is_new": float(not seen_before),
        "is_worker": float(main.__spec__.name == "mlkernel.study.worker.__main__"),
        "threads": threading.active_count(),
    }

def uses_processes(config):
    with multiprocessing.get_context(config["method"]).Pool(2) as pool:
        return {"loss": sum(pool.map(neighbour.twice, range(4)))}

def ends(config):
    if config["how"] == "by itself":
        sys.exit("it cannot go on")
    if config["how"] == "by force":
        os.abort()
    return {"loss": 0.0}
"""
NEIGHBOUR = "def twice(x):\n    return 2 * x\n"


def search(folder: Path, function: str, *words: str) -> None:
    (folder / "targets.py").write_text(TARGETS)
    (folder / "neighbour.py").write_text(NEIGHBOUR)
    options = ("--name", "study", "--metric", "loss", "--jobs", "2", "reuse_workers=false")
    done = command("search", "--trainer", f"./targets.py:{function}", *words, *options, cwd=folder)
    assert done.returncode == 0, done.stderr


def test_each_trial_has_a_new_process(tmp_path: Path):
    search(tmp_path, "looks_around", "--space", "x=uniform(0,1)", "--algorithm", "random", "--trials", "6")
    found = [trial.runs[0].metrics for trial in trials(tmp_path)]
    assert len({metrics["pid"] for metrics in found}) == 6
    for name in ("is_forked", "is_new", "is_worker", "threads"):
        assert [metrics[name] for metrics in found] == [1] * 6, name


def test_a_trial_may_have_processes_of_its_own(tmp_path: Path):
    search(tmp_path, "uses_processes", "--space", "method=[spawn, forkserver, fork]", "--algorithm", "grid")
    assert [trial.values for trial in trials(tmp_path)] == [(12.0,)] * 3


def test_what_ends_its_process_ends_no_other(tmp_path: Path):
    search(tmp_path, "ends", "--space", "how=[by itself, by force, not at all]", "--algorithm", "grid")
    runs = {trial.parameters["how"]: trial.runs[0] for trial in trials(tmp_path)}
    assert "sys.exit('it cannot go on')" in (runs["by itself"].error or "")
    assert "killed by signal 6 (SIGABRT)" in (runs["by force"].error or "")
    assert runs["not at all"].values == (0.0,)

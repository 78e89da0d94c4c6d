"""The package of the tutorial: outside the repository, known to the kernel by its entry points alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mlkernel import read_metrics

SOURCE = Path(__file__).parents[2] / "docs" / "examples" / "published_plugin"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with the package's source in ``package``, and the package installed in ``site``."""
    folder = tmp_path_factory.mktemp("home")
    shutil.copytree(SOURCE, folder / "package", ignore=shutil.ignore_patterns("__pycache__"))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", folder / "site", folder / "package"], check=True)
    return folder


@pytest.fixture(scope="module")
def run_command(home):
    """Runs a Python module in the folder, with the package installed beside everything else."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        own = {"PYTHONPATH": str(home / "site"), "MLKERNEL_CACHE": str(home / "cache")}
        command = [sys.executable, "-m", *words]
        return subprocess.run(
            command, cwd=home, env=os.environ | own, capture_output=True, text=True, check=False
        )

    return run


@pytest.fixture(scope="module")
def trained(home, run_command):
    """The finished command ``kernel run --trainer reinforce``, and the folder of its run."""
    done = run_command(
        "mlkernel", "run", "--trainer", "reinforce", "iterations=10", "test_episodes=1", "log_every=1"
    )
    assert done.returncode == 0, done.stderr
    (directory,) = (path.parent for path in home.glob("runs/*/plan.json"))
    return done, directory


def test_all_components_are_listed(run_command):
    rows = json.loads(run_command("mlkernel", "plugin", "list", "--json").stdout)
    found = {
        (row["kind"], row["name"], row["state"]) for row in rows if row["distribution"] == "reinforce-plugin"
    }
    assert found == {
        ("trainer", "reinforce", "ok"),
        ("loss_module", "reinforce", "ok"),
        ("progress_bar", "dots", "ok"),
        ("listener", "stopwatch", "ok"),
    }


def test_its_loss_module_is_used(trained):
    _, directory = trained
    assert {"loss_policy", "loss_value"} <= set(read_metrics(directory).names())
    assert (
        json.loads((directory / "plan.json").read_text())["config"]["trainer"]["loss_module"] == "reinforce"
    )


def test_its_progress_bar_is_shown(trained):
    done, _ = trained
    assert f"train {'.' * 20}\n" in done.stderr


def test_its_listener_hears_of_the_run(trained):
    _, directory = trained
    events = [json.loads(line) for line in (directory / "events.jsonl").read_text().splitlines()]
    (stopwatch,) = (event for event in events if event["event"] == "stopwatch")
    assert stopwatch["checkpoints"] >= 1


def test_its_progress_bar_can_be_chosen_for_another_trainer(run_command):
    parabola = SOURCE.parent / "parabola.py"
    done = run_command("mlkernel", "run", "--trainer", f"{parabola}:Parabola", "run.progress_bar=dots")
    assert f"train {'.' * 20}\n" in done.stderr


@pytest.mark.slow
def test_its_own_tests_pass(run_command):
    done = run_command("pytest", "-q", "package/tests")
    assert done.returncode == 0, done.stdout

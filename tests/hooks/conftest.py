from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PLUGIN = Path(__file__).with_name("plugin")

ENTRY_POINTS = """\
[mlkernel.listeners]
every_hook = every_hook_descriptors:listener

[mlkernel.trainers]
every_hook = every_hook_descriptors:trainer
"""


class Machine:
    """A folder of installed packages, a folder of runs, and the ``kernel`` command between them."""

    def __init__(self, folder: Path) -> None:
        self.site = folder / "site"
        self.runs = folder / "runs"
        self.calls_file = folder / "calls.jsonl"
        shutil.copytree(PLUGIN, self.site, ignore=shutil.ignore_patterns("__pycache__"))
        self.install("every-hook", ENTRY_POINTS)

    def install(self, distribution: str, entry_points: str) -> None:
        """What pip leaves behind of a package whose modules lie in the folder."""
        information = self.site / f"{distribution.replace('-', '_')}-1.0.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        (information / "entry_points.txt").write_text(entry_points)

    def kernel(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the ``kernel`` command."""
        return subprocess.run(
            [sys.executable, "-m", "mlkernel", *words],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ
            | {
                "PYTHONPATH": str(self.site),
                "HOOK_CALLS": str(self.calls_file),
                "MLKERNEL_RUNS": str(self.runs),
                "MLKERNEL_CACHE": str(self.runs.with_name("cache")),
                "MLKERNEL_CONFIG": str(self.runs.with_name("config")),
            },
        )

    def calls(self, hook: str) -> list[dict[str, object]]:
        """What the listener wrote down of one hook, without the hook's name."""
        lines = map(json.loads, self.calls_file.read_text(encoding="utf-8").splitlines())
        return [
            {key: value for key, value in call.items() if key != "hook"}
            for call in lines
            if call["hook"] == hook
        ]


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def machine_after(folder: Path, ending: str, exit_code: int) -> Machine:
    used = Machine(folder)
    done = used.kernel("run", "--trainer", "every_hook", f"ending={ending}")
    assert done.returncode == exit_code, done.stderr
    return used


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A machine on which a run has finished."""
    return machine_after(tmp_path_factory.mktemp("finished"), "finish", 0)


@pytest.fixture(scope="module")
def failed(tmp_path_factory):
    """A machine on which a run has failed."""
    return machine_after(tmp_path_factory.mktemp("failed"), "fail", 1)


@pytest.fixture(scope="module")
def resumed(tmp_path_factory):
    """A machine on which a run was stopped by a listener and then resumed."""
    used = machine_after(tmp_path_factory.mktemp("resumed"), "stop", 75)
    done = used.kernel("resume", "latest")
    assert done.returncode == 0, done.stderr
    return used

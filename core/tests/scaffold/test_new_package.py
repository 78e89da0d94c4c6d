"""A new package installs, its own tests pass, and its component works; nothing is overwritten."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

from mlkernel import UsageError, kinds
from mlkernel.scaffold.new_package import create, write_plugin

PIP = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]


class Installed:
    """A new package in a folder that stands for site-packages."""

    def __init__(self, kind: str, name: str, home: Path) -> None:
        self.source, self.home, self._site = home / name, home, home / "site"
        template = f"mlkernel.scaffold.{kind}"
        write_plugin(attrs.evolve(getattr(kinds, kind), template=template), name, home)
        subprocess.run([*PIP, "--target", self._site, self.source], check=True)

    def python(self, *words: str) -> str:
        """Run a module with the package installed and return what it printed."""
        own = {"PYTHONPATH": str(self._site), "MLKERNEL_CACHE": str(self.home / "cache")}
        command = [sys.executable, "-m", *words]
        done = subprocess.run(
            command, cwd=self.source, env=os.environ | own, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="module", params=["trainer", "listener", "progress_bar"])
def installed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(request.param, f"my-{request.param.replace('_', '-')}", tmp_path_factory.mktemp("home"))


def test_its_own_tests_pass(installed: Installed) -> None:
    assert "passed" in installed.python("pytest", "-q", "-p", "no:cacheprovider")


def test_it_is_listed_with_its_summary(installed: Installed) -> None:
    listed = installed.python("mlkernel", "plugin", "list")
    (line,) = [line for line in listed.splitlines() if installed.source.name in line]
    assert line.endswith(".")
    assert "ok" in line


def test_nothing_in_it_waits_to_be_filled_in(installed: Installed) -> None:
    for path in installed.source.rglob("*"):
        is_text = path.is_file() and path.suffix != ".pyc"
        text = path.read_text(encoding="utf-8") if is_text else ""
        assert "$" not in text, path
        assert "TODO" not in text, path
        assert "__package__" not in str(path)


def test_the_trainer_runs_by_its_name(tmp_path: Path) -> None:
    package = Installed("trainer", "moons", tmp_path)
    printed = package.python(
        "mlkernel", "run", "--trainer", "moons", "--runs", str(tmp_path / "runs"), "epochs=30"
    )
    assert "best accuracy: 0.9" in printed or "best accuracy: 1" in printed


def test_a_trainer_in_one_file_runs_by_its_path(tmp_path: Path) -> None:
    from mlkernel.testing import run_in_process

    told = create("trainer", "half-moons", tmp_path, single_file=True)
    assert told.splitlines()[1].endswith("half_moons.py:HalfMoons")
    run = run_in_process(f"{tmp_path / 'half_moons.py'}:HalfMoons", runs=tmp_path / "runs")
    ((_, accuracy),) = run.metrics.series("accuracy")
    assert accuracy > 0.95


@pytest.mark.parametrize("single_file", [False, True])
def test_nothing_is_overwritten(single_file: bool, tmp_path: Path) -> None:
    told = create("trainer", "my-trainer", tmp_path, single_file=single_file)
    written = Path(told.splitlines()[0])
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    with pytest.raises(UsageError, match=f"{written.name} exists, and nothing is overwritten"):
        create("trainer", "my-trainer", tmp_path, single_file=single_file)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("My Trainer", "cannot name a package"),
        ("../elsewhere", "cannot name a package"),
        ("3d", "cannot name a package"),
        ("json", "a word of Python itself"),
        ("lambda", "a word of Python itself"),
        ("pluggy", "a module 'pluggy' is installed already"),
    ],
)
def test_a_name_that_will_not_do_is_refused(name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message):
        create("trainer", name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_taken_is_refused_with_who_has_it(tmp_path: Path) -> None:
    taken = attrs.evolve(kinds.progress_bar, template="mlkernel.scaffold.progress_bar")
    with pytest.raises(UsageError, match=r"there is a progress_bar 'rich' already, in mlkernel"):
        write_plugin(taken, "rich", tmp_path)


def test_an_unknown_kind_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no kind 'trainr'[\s\S]*trainer"):
        create("trainr", "my-trainer", tmp_path)


def test_a_kind_without_a_template_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no template for a state_codec"):
        create("state_codec", "my-codec", tmp_path)

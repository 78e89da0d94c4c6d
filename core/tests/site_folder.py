"""A folder like site-packages in which tests install distributions of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest

DAY = 86_400.0


class SiteFolder:
    """Distributions as pip leaves them behind: modules, and a ``dist-info`` folder with metadata and entry points."""

    def __init__(self, path: Path, home: Path) -> None:
        self.path = path
        self.home = home
        self.workplace = home / "workplace"

    def install(
        self,
        distribution: str,
        modules: Mapping[str, str],
        entry_points: Mapping[str, Mapping[str, str]],
        version: str = "1.0",
    ) -> Path:
        """Write the distribution, as it would be after a day, and return its ``dist-info`` folder."""
        for name, source in modules.items():
            file = self.path / f"{name}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(source), encoding="utf-8")
        info = self.path / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        sections = (
            "\n".join([f"[{group}]", *(f"{name} = {value}" for name, value in points.items())])
            for group, points in entry_points.items()
        )
        (info / "entry_points.txt").write_text("\n\n".join(sections) + "\n")
        self.settle()
        return info

    def install_trainer(
        self, distribution: str, name: str, *, module: str, more: str = "", before: str = ""
    ) -> Path:
        """Install a trainer of which only the descriptor matters.

        :param more: further arguments of the descriptor.
        :param before: source above it.
        """
        source = (
            f"from mlkernel import Descriptor\n{dedent(before)}\n"
            f"trainer = Descriptor(name={name!r}, summary='A trainer of {distribution}.', "
            f"factory='{module}:make', {more})\n\n\ndef make(run):\n    return run\n"
        )
        return self.install(
            distribution, {module: source}, {"mlkernel.trainers": {name: f"{module}:trainer"}}
        )

    def settle(self) -> None:
        """Date back by a day what is new, as if it had been installed then: an index of what is new is not kept."""
        for path in (*self.path.rglob("*"), self.path):
            stamp = path.stat().st_mtime - DAY
            if stamp > time.time() - 1.5 * DAY:
                os.utime(path, (stamp, stamp))

    def environment(self) -> dict[str, str]:
        """Environment variables of a process that finds these distributions beside the installed ones."""
        others = ("MLKERNEL_", "PYTHON")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(others)}
        return kept | {
            "PYTHONPATH": str(self.path),
            "MLKERNEL_CACHE": str(self.home / "cache"),
            "MLKERNEL_CONFIG": str(self.home / "config"),
        }

    def kernel(self, *words: str, **more_environment: str) -> subprocess.CompletedProcess[str]:
        """Type a command line, in an empty folder."""
        self.workplace.mkdir(exist_ok=True)
        return subprocess.run(
            [sys.executable, "-m", "mlkernel", *words],
            cwd=self.workplace,
            env=self.environment() | more_environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def enter(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make this process, and those that it starts, find these distributions."""
        monkeypatch.syspath_prepend(str(self.path))
        for name in ("MLKERNEL_PLUGINS", "MLKERNEL_BLOCKED_PLUGINS"):
            monkeypatch.delenv(name, raising=False)
        for name, value in self.environment().items():
            if name.startswith(("MLKERNEL_", "PYTHONPATH")):
                monkeypatch.setenv(name, value)

    def forget_modules(self) -> None:
        """Let modules that were imported from here be imported anew."""
        for name, module in list(sys.modules.items()):
            if str(getattr(module, "__file__", None)).startswith(str(self.path)):
                del sys.modules[name]

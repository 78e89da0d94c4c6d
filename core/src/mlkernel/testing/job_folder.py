"""A folder in which the checks of launchers submit jobs and wait for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mlkernel.discovery.component import Component
from mlkernel.launcher.launcher import OVER, JobHandle, JobSpec, JobStatus, Launcher
from mlkernel.testing.check import CheckFailed
from mlkernel.testing.configured import configured

PATIENCE_SECONDS = 600
"""Clusters let jobs wait; a check that fails by this has nothing left to wait for."""
LOOK_SECONDS = 0.05


class JobFolder:
    """The folder of one check, with the launcher that is checked."""

    def __init__(self, component: Component, overrides: Sequence[str], path: Path) -> None:
        self._component = component
        self._overrides = overrides
        self.path = path
        self._launchers: list[Launcher] = []
        self.launcher = self.make_launcher()

    def make_launcher(self, handles: str = "handles") -> Launcher:
        """Another launcher, as a later process would make it, for the folder *handles*."""
        arguments: list[Any] = [self.path / handles]
        if self._component.config_class() is not None:
            arguments.insert(0, configured(self._component, self._overrides))
        launcher: Launcher = self._component.factory()(*arguments)
        self._launchers.append(launcher)
        return launcher

    def shell(self, key: str, script: str, **fields: Any) -> JobSpec:
        """A job that runs *script* in ``/bin/sh``."""
        return JobSpec(
            key=key, argv=("/bin/sh", "-c", script), directory=self.path / "jobs" / key, grace=1.0, **fields
        )

    def submit(self, *specs: JobSpec) -> list[JobHandle]:
        """Submit with the launcher that is checked."""
        return self.launcher.submit(specs)

    def run(self, *specs: JobSpec) -> list[JobStatus]:
        """What became of *specs*, in their order."""
        statuses = self.wait(self.submit(*specs))
        return [statuses[spec.key] for spec in specs]

    def wait(self, handles: Sequence[JobHandle], launcher: Launcher | None = None) -> dict[str, JobStatus]:
        """How jobs stand when all are over.

        :raises CheckFailed: they do not end.
        """
        asked = launcher or self.launcher
        self.wait_until(
            lambda: all(status.state in OVER for status in asked.poll(handles).values()), "a job to be over"
        )
        return asked.poll(handles)

    def wait_until(self, condition: Callable[[], bool], awaited: str) -> None:
        """Wait until *condition* holds.

        :raises CheckFailed: it never does.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise CheckFailed(f"waited {PATIENCE_SECONDS} s in vain for {awaited}")
            time.sleep(LOOK_SECONDS)

    def output(self, handle: JobHandle) -> bytes:
        """What a job has written to its standard output."""
        return self.launcher.logs(handle, "stdout")[0]

    def close(self) -> None:
        """End what still runs."""
        running = self.launcher.find()
        self.launcher.cancel(running)
        self.wait(running)
        for launcher in self._launchers:
            launcher.close()


@contextmanager
def job_folder(component: Component, overrides: Sequence[str]) -> Iterator[JobFolder]:
    """A new folder, removed afterwards with all jobs in it; ``$TMPDIR`` says where, for jobs of other machines."""
    with TemporaryDirectory(prefix="mlkernel-", ignore_cleanup_errors=True) as path:
        folder = JobFolder(component, overrides, Path(path))
        try:
            yield folder
        finally:
            folder.close()

"""Launchers that break one promise each."""

from __future__ import annotations

import json
from pathlib import Path

import attrs

from mlkernel.launcher.job_files import JobFiles
from mlkernel.launcher.launcher import JobStatus
from mlkernel.launcher.local import Local
from mlkernel.launcher.local_config import LocalConfig


class Sound(Local):
    def __init__(self, folder: Path) -> None:
        super().__init__(LocalConfig(cpus=4, gpus=0), folder)


class TakesTheUnlistedForDone(Sound):
    """As queues that forget what is over lead one to do."""

    def poll(self, handles):
        statuses = super().poll(handles)
        gone = JobStatus(state="succeeded", exit_code=0)
        return {key: gone if s.state in {"failed", "lost"} else s for key, s in statuses.items()}


class ForgetsHandles(Sound):
    def find(self, prefix=""):
        return [handle for handle in super().find(prefix) if handle.key in self._supervisors]


class WritesTheEnvironment(Sound):
    def submit(self, specs):
        handles = super().submit(specs)
        for spec in specs:
            path = JobFiles(self._folder, spec.key).stem.with_suffix(".environment")
            path.write_text(json.dumps(dict(spec.environment)))
        return handles


class RunsKeysAgain(Sound):
    def submit(self, specs):
        for spec in specs:
            self._files(spec.key).forget()
        return super().submit(specs)


class AcceptsEverything(Sound):
    def submit(self, specs):
        needs = attrs.evolve(specs[0].resources, cpus=1)
        return super().submit([attrs.evolve(spec, resources=needs) for spec in specs])


class IgnoresLimits(Sound):
    def submit(self, specs):
        return super().submit(
            [
                attrs.evolve(
                    spec, argv=("true",), resources=attrs.evolve(spec.resources, time=None, memory=None)
                )
                for spec in specs
            ]
        )


class EndsJobsWhenClosed(Sound):
    def close(self):
        self.cancel(self.find())
        super().close()


class ReadsLogsFromTheBeginning(Sound):
    def logs(self, handle, stream, offset=0):
        content, end = super().logs(handle, stream)
        return content, end

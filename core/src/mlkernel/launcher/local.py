"""The launcher ``local``: processes of this machine, watched by supervisors that outlive whoever submitted them."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from filelock import FileLock

from mlkernel.errors import StorageError, UsageError
from mlkernel.launcher.cancellation import ask_to_stop
from mlkernel.launcher.fork_server import ForkServer
from mlkernel.launcher.job_files import JobFiles, submitted_keys
from mlkernel.launcher.job_start import JobStart
from mlkernel.launcher.launcher import OVER, JobHandle, JobSpec, JobStatus, LauncherCapabilities, Resources
from mlkernel.launcher.local_config import LocalConfig
from mlkernel.launcher.slots import Slots
from mlkernel.launcher.standing import NEVER_STARTED, standing
from mlkernel.launcher.start import check_spec, job_environment, start_supervisor
from mlkernel.launcher.submitter import Submitter
from mlkernel.records.atomic_file import storage_errors


class Local:
    """Runs jobs as processes of this machine, first come, first served.

    What waits for a slot waits in this process, and starts at a later :meth:`submit` or :meth:`poll`; what runs goes
    on without it. It is for one thread.

    :param config: how much of the machine its jobs may use together.
    :param folder: for the handles; made when the first job is submitted.
    """

    capabilities = LauncherCapabilities(channel=True, gpus=True, memory_limit=True)

    def __init__(self, config: LocalConfig, folder: Path) -> None:
        self._folder = folder.absolute()
        self._config = config
        self._slots = Slots.of(config)
        self._waiting: dict[str, JobSpec] = {}
        self._supervisors: dict[str, int] = {}
        self._fork_server = ForkServer()
        self._submitter = Submitter()
        self._counted = False

    def check(self, resources: Resources) -> None:
        """See that such a job can be had here.

        :raises UsageError: it asks for more than there is, or for what is not known here.
        """
        if resources.extra:
            raise UsageError(
                f"local knows no {', '.join(resources.extra)}; it has cpus, gpus, memory and time"
            )
        refusal = self._slots.refusal(resources)
        if refusal is not None:
            raise UsageError(
                f"a job asks for {refusal}",
                hint="Ask for less, or tell the launcher of more with its options cpus and gpus.",
            )

    def submit(self, specs: Sequence[JobSpec]) -> list[JobHandle]:
        """Write down the jobs, and start those that there are slots for.

        A key whose job never started, because its submitter ended before, is submitted anew.

        :raises UsageError: one asks for more than there is; none was submitted.
        :raises StorageError: the disk is full or not writable; none was submitted.
        """
        for spec in specs:
            check_spec(spec)
            self.check(spec.resources)
        self._count_running()
        self._write_down(specs)
        self._start_waiting()
        return [self._files(spec.key).handle(spec.key) for spec in specs]

    def poll(self, handles: Sequence[JobHandle]) -> dict[str, JobStatus]:
        """How jobs stand, after those that there are slots for have started."""
        for job, lock in self._fork_server.not_started():
            self._start_supervisor(job, lock)
        self._start_waiting()
        return {handle.key: self._status(handle.key) for handle in handles}

    def cancel(self, handles: Sequence[JobHandle]) -> None:
        """Ask jobs to stop with SIGTERM to their process group; after their grace, SIGKILL ends all their processes."""
        for handle in handles:
            if self._status(handle.key).state not in OVER:
                ask_to_stop(self._files(handle.key))
                self._waiting.pop(handle.key, None)

    def logs(
        self, handle: JobHandle, stream: Literal["stdout", "stderr"], offset: int = 0
    ) -> tuple[bytes, int]:
        """What a job wrote from byte *offset* on, and the offset for the next call."""
        submitted = self._files(handle.key).read()
        if submitted is None:
            return b"", offset
        try:
            with (Path(submitted["directory"]) / f"{stream}.txt").open("rb") as file:
                file.seek(offset)
                content = file.read()
        except FileNotFoundError:
            return b"", offset
        return content, offset + len(content)

    def find(self, prefix: str = "") -> list[JobHandle]:
        """The jobs of this folder whose keys begin with *prefix*, in the order of their keys."""
        return [
            self._files(key).handle(key)
            for key in sorted(submitted_keys(self._folder))
            if key.startswith(prefix)
        ]

    def close(self) -> None:
        """Let go; jobs go on, except those that still wait: they are forgotten, and can be submitted anew."""
        for key in self._waiting:
            self._files(key).forget()
        self._waiting.clear()
        for key in list(self._supervisors):
            self._is_supervised(key)
        self._fork_server.close()
        self._submitter.close()

    def _files(self, key: str) -> JobFiles:
        return JobFiles(self._folder, key)

    def _count_running(self) -> None:
        """Once, learn which jobs of earlier processes use slots."""
        if self._counted:
            return
        self._counted = True
        for key in submitted_keys(self._folder, over=False):
            self._count(key)

    def _count(self, key: str) -> None:
        files = self._files(key)
        while standing(files).state == "running":
            submitted, running = files.read(), files.running()
            if submitted is not None and running is not None:
                self._slots.occupy(key, submitted["resources"]["cpus"], running["gpus"])
                return
            time.sleep(0.002)  # its supervisor is about to write down which devices it was given

    def _write_down(self, specs: Sequence[JobSpec]) -> None:
        with storage_errors(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self._folder / "submit.lock")
            lock.acquire()
        written: list[JobSpec] = []
        try:
            for spec in specs:
                if self._is_new(spec.key):
                    self._files(spec.key).write(spec, self._submitter.record)
                    written.append(spec)
                    self._waiting[spec.key] = spec
        except StorageError:
            for spec in written:
                del self._waiting[spec.key]
                self._files(spec.key).forget()
            raise
        finally:
            lock.release()

    def _is_new(self, key: str) -> bool:
        return not self._files(key).submitted.exists() or self._status(key).reason == NEVER_STARTED

    def _start_waiting(self) -> None:
        """Start what there are slots for.

        A job that must wait keeps those behind it waiting: smaller ones could otherwise keep it from ever starting.
        """
        if not self._waiting:
            return
        for key in self._slots.holders:
            if self._status(key).state in OVER:
                self._slots.free(key)
        for key, spec in list(self._waiting.items()):
            gpus = self._slots.take(key, spec.resources)
            if gpus is None:
                return
            self._start(spec, gpus)

    def _start(self, spec: JobSpec, gpus: Sequence[str]) -> None:
        files = self._files(spec.key)
        lock = files.lock()
        if lock is None:
            self._slots.free(spec.key)  # somebody looks at it just now: at the next poll
            return
        del self._waiting[spec.key]
        environment = job_environment(
            spec, gpus, hide_gpus=bool(self._slots.gpus), threads=self._config.threads
        )
        job = JobStart(spec, files, gpus, environment)
        if not self._fork_server.start(job, lock):
            self._start_supervisor(job, lock)
        os.close(lock)

    def _start_supervisor(self, job: JobStart, lock: int) -> None:
        try:
            self._supervisors[job.spec.key] = start_supervisor(job, lock)
        except OSError as error:
            self._slots.free(job.spec.key)
            with suppress(StorageError):  # then only this process knows why
                job.files.write_over({"errno": error.errno, "failing": "supervisor"})

    def _is_supervised(self, key: str) -> bool:
        """Whether a supervisor that this process started lives; its end is taken note of."""
        pid = self._supervisors.get(key)
        if pid is None:
            return False
        try:
            alive = os.waitpid(pid, os.WNOHANG) == (0, 0)
        except ChildProcessError:
            alive = False  # somebody else waited for it
        if not alive:
            del self._supervisors[key]
        return alive

    def _status(self, key: str) -> JobStatus:
        if key in self._waiting:
            return JobStatus(state="queued")
        if self._is_supervised(key) or self._fork_server.may_have(key):
            return JobStatus(state="running")
        status = standing(self._files(key))
        if status.state == "queued" and self._was_submitted_here(key):
            return JobStatus(state="failed", reason="its supervisor could not begin; stderr.txt says why")
        return status

    def _was_submitted_here(self, key: str) -> bool:
        submitted = self._files(key).read()
        return submitted is not None and submitted["submitter"] == self._submitter.record

"""The start of a job: its supervisor, which starts the command."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from mlkernel.errors import UsageError
from mlkernel.launcher.job_start import HOW_TO_OPEN, JobStart
from mlkernel.launcher.launcher import JobSpec
from mlkernel.launcher.supervision.supervisor import LOCK
from mlkernel.launcher.supervision.watch import WAITED

_PROGRAM = (
    "import sys; sys.path.append(sys.argv[1]); from supervision.supervisor import main; main(sys.argv[2:])"
)
"""Imported rather than run as a script, which Python would compile again for each job."""


def check_spec(spec: JobSpec) -> None:
    """Refuse what no process can be started with.

    :raises UsageError: says what, and of which job.
    """
    names_and_values = [text for pair in spec.environment.items() for text in pair]
    problems = {
        "its key is empty": not spec.key,
        "its command is empty": not spec.argv or not spec.argv[0],
        "its command has a null character": any("\0" in word for word in spec.argv),
        "its environment has a null character": any("\0" in text for text in names_and_values),
        "its environment has a name that is empty or contains '='": any(
            not name or "=" in name for name in spec.environment
        ),
    }
    for problem, there in problems.items():
        if there:
            raise UsageError(f"job {spec.key!r} cannot be submitted: {problem}")


def start_supervisor(job: JobStart, lock: int) -> int:
    """Start *job* and return the process number of its supervisor.

    :param lock: descriptor of the lock on the job, which the supervisor goes on holding.
    :raises OSError: no process could be started, or the job's folder cannot be written.
    """
    output, errors = (str(path) for path in job.output())
    return os.posix_spawn(
        sys.executable,
        [sys.executable, "-I", "-S", "-c", _PROGRAM, str(Path(__file__).parent), *job.words()],
        job.environment,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, output, *HOW_TO_OPEN),
            (os.POSIX_SPAWN_OPEN, 2, errors, *HOW_TO_OPEN),
            (os.POSIX_SPAWN_DUP2, lock, LOCK),
        ],
        setsid=True,
        setsigmask=WAITED,
    )


def job_environment(spec: JobSpec, gpus: Sequence[str], *, hide_gpus: bool, threads: bool) -> dict[str, str]:
    """The environment of a job: that of this process, what it was given, its devices and its threads.

    :param hide_gpus: whether a job that asked for none sees none.
    :param threads: whether it is told to use as many threads as it has cores, unless something says otherwise.
    """
    environment = {**os.environ, **spec.environment}
    if gpus or hide_gpus:
        environment["CUDA_VISIBLE_DEVICES"] = ",".join(gpus)
    if threads:
        environment.setdefault("OMP_NUM_THREADS", str(spec.resources.cpus))
    return environment

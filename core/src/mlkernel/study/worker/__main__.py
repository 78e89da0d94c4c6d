"""``python -m mlkernel.study.worker``: the command of a launcher's job."""

from __future__ import annotations

import argparse
import encodings.idna  # noqa: F401 - as what is marked below
import locale  # noqa: F401
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from mlkernel.errors import KernelError
from mlkernel.study.worker import function_target  # noqa: F401
from mlkernel.study.worker.driver_link import PATIENCE, DriverLink
from mlkernel.study.worker.job_link import JobLink
from mlkernel.study.worker.stop_signal import StopSignal
from mlkernel.study.worker.worker import Worker

# What is imported above and not used here would be imported later, by argparse, by socket and for the usual target. So
# a worker that is forked finds it, and need not take as long for it as for all the rest.

FAILED = 1
"""The exit code of a job whose run failed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Work for a study, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m mlkernel.study.worker", description=main.__doc__)
    work = parser.add_mutually_exclusive_group(required=True)
    work.add_argument("--study", type=Path, help="the folder of a study, whose driver is asked for work")
    work.add_argument("--job", type=Path, help="a file with one run, where no driver can be reached")
    parser.add_argument("--key", default="", help="of the launcher's job")
    parser.add_argument(
        "--patience", type=float, default=PATIENCE, help="seconds to look for a driver (default: %(default)g)"
    )
    chosen = parser.parse_args(arguments)
    try:
        with StopSignal() as stop_signal:
            if chosen.job is not None:
                return _do_job(JobLink(chosen.job), stop_signal)
            link = DriverLink(chosen.study, chosen.key, stop_signal, chosen.patience)
            with closing(link):
                return Worker(link, stop_signal).work()
    except KernelError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code


def _do_job(link: JobLink, stop_signal: StopSignal) -> int:
    code = Worker(link, stop_signal).work()
    return FAILED if link.end is not None and link.end.state == "failed" else code


if __name__ == "__main__":
    raise SystemExit(main())

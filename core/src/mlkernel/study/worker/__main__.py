"""``python -m mlkernel.study.worker``: the command of a launcher's job."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mlkernel.errors import KernelError
from mlkernel.study.worker.driver_link import PATIENCE, DriverLink
from mlkernel.study.worker.stop_signal import StopSignal
from mlkernel.study.worker.worker import Worker


def main(arguments: Sequence[str] | None = None) -> int:
    """Work for a study, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m mlkernel.study.worker", description=main.__doc__)
    parser.add_argument("--study", type=Path, required=True, help="the folder of the study")
    parser.add_argument("--key", required=True, help="of the launcher's job")
    parser.add_argument(
        "--patience", type=float, default=PATIENCE, help="seconds to look for a driver (default: %(default)g)"
    )
    chosen = parser.parse_args(arguments)
    with StopSignal() as stop_signal:
        link = DriverLink(chosen.study, chosen.key, stop_signal, chosen.patience)
        try:
            return Worker(link, stop_signal).work()
        except KernelError as error:
            sys.stderr.write(f"{error}\n")
            return error.exit_code
        finally:
            link.close()


if __name__ == "__main__":
    raise SystemExit(main())

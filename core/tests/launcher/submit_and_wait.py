"""A process that submits jobs and then waits for its own end: ``submit_and_wait.py FOLDER SCRIPT COUNT CPUS``."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from mlkernel.launcher.launcher import JobSpec
from mlkernel.launcher.local import Local
from mlkernel.launcher.local_config import LocalConfig


def main(folder: Path, script: str, count: int, cpus: int) -> None:
    launcher = Local(LocalConfig(cpus=cpus, gpus=0), folder / "launcher")
    for number in range(count):
        key = f"{number:03}"
        argv = ("/bin/sh", "-c", script, "job", str(number))
        launcher.submit([JobSpec(key=key, argv=argv, directory=folder / "jobs" / key)])
        sys.stdout.write(key + "\n")
        sys.stdout.flush()
    while True:
        launcher.poll(launcher.find())
        time.sleep(0.01)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))

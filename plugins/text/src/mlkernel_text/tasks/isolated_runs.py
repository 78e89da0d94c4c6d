"""What functions do, found by running them in a process of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from attrs import asdict, frozen

from mlkernel import TrainingError

_RUNNER = Path(__file__).with_name("function_runner.py")
_MEBIBYTE = 1 << 20


@frozen
class Program:
    """A function, and the arguments to call it with."""

    source: str
    inputs: Sequence[Sequence[Any]]


def behaviours(programs: Sequence[Program], *, memory: int, timeout: float, max_steps: int) -> list[str]:
    """For each program, a text that is equal for programs that behave equally on the same inputs.

    The process has no environment, an empty folder, no right to write files, and no module but Python's own.

    :param memory: of the process, in mebibytes.
    :param timeout: of the process, in seconds.
    :param max_steps: lines after which a call counts as endless.
    :raises TrainingError: the process broke its limits.
    """
    order = {
        "memory": memory * _MEBIBYTE,
        "seconds": int(timeout) + 1,
        "max_steps": max_steps,
        "programs": [asdict(program) for program in programs],
    }
    with TemporaryDirectory(prefix="mlkernel-functions-") as folder:
        try:
            child = subprocess.run(
                [sys.executable, "-I", "-S", str(_RUNNER)],
                input=json.dumps(order),
                capture_output=True,
                text=True,
                timeout=timeout,
                cwd=folder,
                env={},
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise TrainingError(
                f"{len(programs)} functions were not run within {timeout} s",
                hint="Raise the task's timeout, or ask for fewer problems.",
            ) from error
    if child.returncode != 0:
        last = child.stderr.strip().splitlines()[-1:] or [f"exit code {child.returncode}"]
        raise TrainingError(
            f"the process that runs functions ended early: {last[0]}",
            hint="Raise the task's memory_mebibytes or timeout.",
        )
    results: list[str] = json.loads(child.stdout)
    return results

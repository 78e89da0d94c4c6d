"""A grader that is a client's Python function."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer

from attrs import frozen

from mlkernel_locallm.server.graders import isolated_process
from mlkernel_locallm.server.graders.grade import Attempt, Grade
from mlkernel_locallm.server.graders.template import sample_of

SECONDS = 2.0
"""Most time for one attempt."""
_START = 5.0
"""Seconds for the start of a process."""
_LARGEST_ANSWER = 4 << 20


@frozen
class PythonGrader:
    """Calls ``grade(sample, item)`` in a process without network, environment and files, within limits."""

    source: str

    def grade(self, attempts: list[Attempt]) -> list[Grade]:
        """See :class:`mlkernel_locallm.server.graders.grade.Grader`. All attempts share one process."""
        lines = self._run(attempts)
        grades = [_grade(line) for line in lines[: len(attempts)]]
        ended = Grade(
            problem="python_grader_server_error", detail="the process ended before it had graded this"
        )
        return grades + [ended] * (len(attempts) - len(grades))

    def _run(self, attempts: list[Attempt]) -> list[bytes]:
        asked = {
            "source": self.source,
            "seconds": SECONDS,
            "attempts": [{"sample": sample_of(attempt), "item": dict(attempt.item)} for attempt in attempts],
        }
        command = [sys.executable, "-I", "-S", str(Path(isolated_process.__file__))]
        with TemporaryDirectory() as folder:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=folder,
                env={},
            )
            timer = Timer(_START + SECONDS * len(attempts), process.kill)
            timer.start()
            try:
                return _converse(process, json.dumps(asked).encode())
            finally:
                timer.cancel()
                process.kill()
                process.wait()


def _converse(process: subprocess.Popen[bytes], asked: bytes) -> list[bytes]:
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout:
        try:
            process.stdin.write(asked)
            process.stdin.close()
        except BrokenPipeError:
            return []
        # No more is read than an honest grader writes.
        return process.stdout.read(_LARGEST_ANSWER).splitlines()


def _grade(line: bytes) -> Grade:
    try:
        outcome = json.loads(line)
        if "error" in outcome:
            return Grade(problem="python_grader_runtime_error", detail=str(outcome["error"])[:1000])
        return Grade(reward=float(outcome["reward"]))
    except (ValueError, TypeError, KeyError):
        return Grade(
            problem="python_grader_server_error", detail="the process wrote something that is no grade"
        )

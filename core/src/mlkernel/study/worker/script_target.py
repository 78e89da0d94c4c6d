"""Scripts: processes that are told what to do by arguments, and report by printing lines of JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from mlkernel.errors import KernelError, RunStopped, UsageError
from mlkernel.records.atomic_file import write_json
from mlkernel.study.worker.abilities import Abilities
from mlkernel.study.worker.context_arguments import last_step
from mlkernel.study.worker.former_import import import_advice
from mlkernel.study.worker.messages import TrainRun
from mlkernel.study.worker.mle_log import read_mle_log
from mlkernel.study.worker.point import nested_config
from mlkernel.study.worker.process_tree import end_tree
from mlkernel.study.worker.run_reports import Ending, RunReports

CONFIG_FILE = "config.json"
TRAIN_SECTION = "train_config"
"""Where mle-toolbox's configurations have what is searched."""

Arguments = Literal["mle-toolbox", "none"]


class ScriptFailedError(KernelError):
    """A script ended with an exit code other than 0."""


class ScriptTarget:
    """Runs a script, once for each run.

    :param arguments: ``mle-toolbox``: ``-exp_dir FOLDER -config FILE -seed N``, and ``-fold K -folds N`` if there are
        folds; ``none`` of these. In any case ``MLKERNEL_TRIAL_DIRECTORY``, ``MLKERNEL_TRIAL_CONFIG`` and
        ``MLKERNEL_TRIAL_SEED`` are in its environment.
    :param options: further ones, written ``-key value``.
    :raises UsageError: there is no such file, or no such form of arguments.
    """

    def __init__(self, path: Path, arguments: Arguments, options: Mapping[str, Any]) -> None:
        if not path.is_file():
            raise UsageError(f"there is no script {path}", hint=f"Paths begin at {Path.cwd()}.")
        if arguments not in ("mle-toolbox", "none"):
            raise UsageError(f"scripts have no arguments {arguments!r}", hint="mle-toolbox or none.")
        self._path = path.resolve()
        self._arguments = arguments
        self._options = options

    @property
    def abilities(self) -> Abilities:
        """It may report while it trains; nobody knows what it keeps."""
        return Abilities(resumes=False, copies=False)

    def train(self, order: TrainRun, reports: RunReports) -> Ending | None:
        """Run it, and report what it prints."""
        config = Path(order.directory) / CONFIG_FILE
        write_json(config, nested_config(order, section=TRAIN_SECTION), durable=False)
        process = subprocess.Popen(
            self._command(order, config), stdout=subprocess.PIPE, env=_environment(order, config)
        )
        assert process.stdout is not None
        try:
            with reports.answering_signals(), process.stdout as printed:
                for line in printed:
                    ending = _follow(line, reports)
                    if ending is not None:
                        return ending
                code = process.wait()
        except RunStopped:
            return reports.ending_after_stop()
        finally:
            end_tree(process)
        if code:
            words = _last_words(order)
            raise ScriptFailedError(
                f"{self._path.name} ended with {_named(code)}{words}", hint=import_advice(words)
            )
        if not reports.count and self._arguments == "mle-toolbox":
            for step, metrics in read_mle_log(Path(order.directory), order.seed):
                ending = reports.report(metrics, step)
                if ending is not None:
                    return ending
        return None

    def close(self) -> None:
        """Nothing is kept from run to run."""

    def _command(self, order: TrainRun, config: Path) -> list[str]:
        started_by = {".py": [sys.executable], ".sh": ["bash"]}.get(self._path.suffix, [])
        arguments: dict[str, Any] = {}
        if self._arguments == "mle-toolbox":
            arguments = {"exp_dir": order.directory, "config": config, "seed": order.seed}
            if order.folds is not None:
                arguments |= {"fold": order.fold, "folds": order.folds}
        words = [
            word for key, value in {**arguments, **self._options}.items() for word in (f"-{key}", str(value))
        ]
        return [*started_by, str(self._path), *words]


def _environment(order: TrainRun, config: Path) -> dict[str, str]:
    last = last_step(order)
    told = {} if last is None else {"MLKERNEL_TRIAL_MAX_STEP": str(last)}
    return {
        **os.environ,
        "PYTHONUNBUFFERED": "1",  # a report that waits in a buffer is a decision that comes too late
        "MLKERNEL_TRIAL_DIRECTORY": order.directory,
        "MLKERNEL_TRIAL_CONFIG": str(config),
        "MLKERNEL_TRIAL_SEED": str(order.seed),
        **told,
    }


def _follow(line: bytes, reports: RunReports) -> Ending | None:
    """Keep a line as printed, and report it if it is one JSON object; its other values than numbers are left out."""
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()
    text = line.strip()
    if not (text.startswith(b"{") and text.endswith(b"}")):
        return reports.ending
    try:
        printed = json.loads(text)
    except ValueError:
        return reports.ending
    numbers = {key: value for key, value in printed.items() if isinstance(value, int | float)}
    return reports.report(numbers, numbers.pop("step", None))


def _named(code: int) -> str:
    return f"exit code {code}" if code > 0 else f"signal {-code}"


def _last_words(order: TrainRun) -> str:
    """The last line that it wrote to standard error, which usually names the error."""
    lines = (Path(order.directory) / "stderr.txt").read_text(errors="replace").splitlines()
    return f": {lines[-1]}" if lines else ""

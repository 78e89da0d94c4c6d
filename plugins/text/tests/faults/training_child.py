"""What a training process of the fault tests executes: the command ``kernel``, and perhaps its own end."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from plugins.text.tests.faults.kill_points import KillPoints, kill_after, write_count

from mlkernel.cli.main import main


def train(
    words: Sequence[str], folder: str, environment: Mapping[str, str], kill: Mapping[str, Any] | None
) -> None:
    """Carry out ``kernel`` with *words*; output, process number and number of kill points go to *folder*."""
    os.environ.update(environment)
    os.chdir(folder)
    log = os.open("output.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    Path("pid").write_text(str(os.getpid()), encoding="utf-8")
    points = KillPoints(int(kill["at"]) if kill is not None and kill["place"] == "call" else 0)
    if kill is not None and kill["place"] == "time":
        kill_after(kill["at"])
    elif kill is not None:
        points.install()
    code = main(list(words))
    write_count(points, Path("calls"))
    sys.exit(code)

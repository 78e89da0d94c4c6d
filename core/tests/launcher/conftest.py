from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mlkernel.launcher.local import Local
from mlkernel.launcher.local_config import LocalConfig


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Local]:
    launcher = Local(LocalConfig(cpus=4, gpus=0), tmp_path / "launcher")
    yield launcher
    launcher.cancel(launcher.find())
    launcher.close()

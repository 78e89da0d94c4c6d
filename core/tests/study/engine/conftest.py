"""What drives studies is tested where the search algorithms are installed: the core alone has none."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from core.tests.study.engine.studies import end_drivers
from core.tests.study.faults.killed_study import kill, processes_of

collect_ignore_glob = [] if find_spec("mlkernel_search") else ["test_*.py"]


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path: Path) -> Iterator[None]:
    """End the drivers and workers that a test which failed left behind."""
    yield
    end_drivers()
    for group in processes_of(tmp_path):
        for process in group:
            kill(process)

"""Compiled graphs of a test session lie in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module", autouse=True)
def _own_cache(cache_folder: Path) -> Iterator[None]:
    """No test of another package, which the same process runs later, finds it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLKERNEL_CACHE", str(cache_folder))
        yield

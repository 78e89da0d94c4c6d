"""Compiled graphs of a test session lie in a folder of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    before = os.environ.get("MLKERNEL_CACHE")
    os.environ["MLKERNEL_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["MLKERNEL_CACHE"]
    else:
        os.environ["MLKERNEL_CACHE"] = before

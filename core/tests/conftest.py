"""What the tests of several parts share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .site_folder import SiteFolder


@pytest.fixture
def site_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SiteFolder]:
    """An empty folder for packages, on the search path of this process and of those that it starts."""
    folder = SiteFolder(tmp_path / "site", tmp_path)
    folder.path.mkdir()
    folder.enter(monkeypatch)
    yield folder
    folder.forget_modules()

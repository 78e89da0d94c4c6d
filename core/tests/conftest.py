"""What the tests of several parts share."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from .game_plugin import install_games
from .site_folder import SiteFolder


@pytest.fixture
def site_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SiteFolder]:
    """An empty folder for packages, on the search path of this process and of those that it starts."""
    folder = SiteFolder(tmp_path / "site", tmp_path)
    folder.path.mkdir()
    folder.enter(monkeypatch)
    yield folder
    folder.forget_modules()


@pytest.fixture(scope="module")
def games(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The module of an installed distribution whose games choose rules."""
    home = tmp_path_factory.mktemp("games")
    folder = SiteFolder(home / "site", home)
    folder.path.mkdir()
    with pytest.MonkeyPatch.context() as monkeypatch:
        folder.enter(monkeypatch)
        install_games(folder)
        yield import_module("games")
    folder.forget_modules()

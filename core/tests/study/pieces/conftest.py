"""A folder to keep pieces in, with a user who has none."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from mlkernel.cli.main import main

collect_ignore_glob = [] if find_spec("mlkernel_search") else ["test_*.py"]
"""Studies are checked with a search algorithm, of which the core alone has none."""


class Folder:
    """Runs ``kernel config`` in a folder of its own, and reads what it wrote."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path = path
        self._capsys = capsys

    def config(self, *words: str) -> str:
        """What ``kernel config`` prints when it does what it was asked."""
        code = main(["config", *map(str, words)])
        captured = self._capsys.readouterr()
        assert code == 0, captured.err
        return captured.out + captured.err

    def refused(self, *words: str, command: str = "config") -> str:
        """What a command says when it refuses."""
        try:
            code = main([command, *map(str, words)])
        except SystemExit as ending:  # argparse's
            code = ending.code
        captured = self._capsys.readouterr()
        assert code == 2, captured.out
        return captured.err

    def text(self, place: str) -> str:
        return (self.path / "pieces" / place).read_text()

    def files(self) -> list[str]:
        """Everything that is kept, locks and other dot files left out."""
        root = self.path / "pieces"
        return sorted(
            str(file.relative_to(root))
            for file in root.rglob("*")
            if file.is_file() and not file.name.startswith(".")
        )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Folder:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("MLKERNEL_CONFIG", str(tmp_path / "settings"))
    monkeypatch.delenv("MLKERNEL_PIECES", raising=False)
    return Folder(here, capsys)

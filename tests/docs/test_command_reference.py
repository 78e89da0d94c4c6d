"""Every command is in the reference."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlkernel.cli.main import COMMANDS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "command-line.md"


@pytest.mark.parametrize("command", COMMANDS)
def test_command_is_documented(command):
    assert f"## kernel {command}\n\n```{{command-help}} {command}\n```" in PAGE.read_text(encoding="utf-8")

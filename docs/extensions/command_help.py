"""The directive ``command-help``: what ``kernel COMMAND --help`` prints, taken from the command itself."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, ClassVar

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class CommandHelp(SphinxDirective):
    """Takes the words after ``kernel`` as its argument."""

    required_arguments: ClassVar[int] = 0
    optional_arguments: ClassVar[int] = 1
    final_argument_whitespace: ClassVar[bool] = True

    def run(self) -> list[nodes.Node]:
        """Put the printed help into a literal block."""
        words = self.arguments[0].split() if self.arguments else []
        help_text = printed_help(words)
        return [nodes.literal_block(help_text, help_text, language="text")]


def printed_help(words: list[str]) -> str:
    """The output of ``kernel WORDS --help``, 100 columns wide."""
    return subprocess.run(
        [sys.executable, "-m", "mlkernel", *words, "--help"],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"COLUMNS": "100", "NO_COLOR": "1"},
    ).stdout


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx."""
    app.add_directive("command-help", CommandHelp)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

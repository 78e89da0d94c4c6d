"""What a plugin's command of ``kernel`` is made of."""

from __future__ import annotations

import argparse
from typing import Protocol


class Command(Protocol):
    """A module: the factory of a descriptor of the kind ``command`` names it, as in ``my_package.report_command``.

    It is imported when the command is typed, and for its own ``--help``; lists show the descriptor's summary.
    """

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare what the command takes."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Carry the command out.

        :returns: the exit code. A :class:`mlkernel.KernelError` is printed, and gives its own.
        """

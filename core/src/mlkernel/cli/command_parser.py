"""The parser of one command, which takes its words in any order."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any


class CommandParser(argparse.ArgumentParser):
    """A parser for which ``a=1 --name test b=2`` is the same as ``--name test a=1 b=2``.

    argparse gives a positional that takes many words only those that stand together, and calls later ones unrecognised.
    """

    def __init__(self, **how: Any) -> None:
        self._many: argparse.Action | None = None
        super().__init__(**how)

    def add_argument(self, *names: str, **how: Any) -> argparse.Action:
        """Declare an argument as argparse does, and remember the positional that takes many words."""
        action = super().add_argument(*names, **how)
        if not action.option_strings and action.nargs in ("*", "+"):
            self._many = action
        return action

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse *args*; what nobody knows ends the command with its own usage, not with that of all commands."""
        parsed, rest = super().parse_known_args(args, namespace)
        if self._many is not None:
            late = [word for word in rest if not word.startswith("-")]
            rest = [word for word in rest if word.startswith("-")]
            setattr(parsed, self._many.dest, [*getattr(parsed, self._many.dest), *late])
        if rest:
            self.error(f"unrecognized arguments: {' '.join(rest)}{self._suggestion(rest)}")
        return parsed, rest

    def _suggestion(self, unknown: Sequence[str]) -> str:
        """What was probably meant by the first of *unknown*, if it is an option and there is one like it."""
        option = unknown[0].partition("=")[0]
        close = get_close_matches(option, self._option_string_actions, n=1) if option[:2] == "--" else []
        return f"; did you mean {close[0]}?" if close else ""

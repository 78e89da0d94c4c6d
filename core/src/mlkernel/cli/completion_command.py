"""``kernel completion``: the shell code that completes commands, options and names."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``kernel completion`` takes."""
    parser.description = 'Print shell code. In bash or zsh: eval "$(kernel completion bash)".'
    parser.add_argument("shell", choices=["bash", "zsh", "fish", "tcsh", "powershell"])


def run(arguments: argparse.Namespace) -> int:
    """Print the code for one shell."""
    from argcomplete.shell_integration import shellcode

    print(shellcode(["kernel"], shell=arguments.shell))
    return 0

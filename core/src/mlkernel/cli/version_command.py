"""``kernel version``: versions of mlkernel and of every distribution that brings a plugin."""

from __future__ import annotations

import argparse

from mlkernel.cli.printout import print_json
from mlkernel.discovery.entry_point_index import read_index


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``kernel version`` takes."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print one line per distribution, mlkernel first."""
    versions = read_index().distributions()
    versions = {"mlkernel": versions.pop("mlkernel", "unknown"), **versions}
    if arguments.json:
        print_json(versions)
    else:
        print("\n".join(f"{name} {version}" for name, version in versions.items()))
    return 0

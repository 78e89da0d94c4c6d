"""``kernel run --trainer NAME --help``: the options of the chosen trainer, listed without importing its code."""

from __future__ import annotations

import argparse
import shutil
from functools import partial
from typing import Any

from mlkernel.errors import ConfigError


def add_component_help(parser: argparse.ArgumentParser) -> None:
    """Replace ``--help`` of a command that takes ``--trainer`` and ``--config``: with a trainer, it lists its options.

    Which trainer is known only when the whole line has been parsed, so the action merely exchanges what the command
    will do.
    """
    parser.add_argument(
        "-h",
        "--help",
        action=_ComponentHelp,
        help="show this text; with a trainer, its options and their defaults",
    )


class _ComponentHelp(argparse.Action):
    def __init__(self, option_strings: list[str], dest: str, help: str | None = None) -> None:  # noqa: A002
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, help=help)

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option: str | None = None,
    ) -> None:
        namespace.run_command = partial(_print_help, parser)


def _print_help(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
    trainer = arguments.trainer or _trainer_of_files(arguments.config)
    if trainer is None:
        parser.print_help()
        print(f"\n{parser.prog} --trainer NAME --help lists the options of a trainer.")
    else:
        options = component_help(trainer, shutil.get_terminal_size((100, 24)).columns)
        print(f"usage: {parser.prog} --trainer {trainer} [path=value ...]\n\n{options}")
        print(f"\n{parser.prog} --help lists the flags of the command itself.")
    return 0


def _trainer_of_files(paths: list[str]) -> str | None:
    if not paths:
        return None
    from mlkernel.config.files import read_config_file
    from mlkernel.config.sections import chosen_trainer

    try:
        return chosen_trainer([read_config_file(path) for path in paths])
    except ConfigError:
        return None  # help is printed whatever the files are like


def component_help(trainer: str, width: int) -> str:
    """The options of a trainer and of the sections that every run has, as tables of at most *width* columns.

    :raises UnknownNameError: when nobody provides the trainer.
    :raises PluginError: when its configuration class cannot be imported.
    """
    from mlkernel.cli.option_table import option_table
    from mlkernel.config.option_rows import option_rows
    from mlkernel.config.sections import sections_of
    from mlkernel.discovery.name_resolution import resolve

    component = resolve("trainer", trainer)
    title = component.title.removeprefix("trainer ")
    tables = []
    for name, section in sections_of(component.config_class()).items():
        head = f"{title}: {component.descriptor.summary}" if name == "trainer" else f"Section {name}:"
        # Paths of the trainer are written without their section, as on the command line.
        rows = option_rows(section, "" if name == "trainer" else f"{name}.")
        tables.append(f"{head}\n{option_table(rows, width) if rows else '  no options'}")
    return "\n\n".join(tables)

"""``kernel run --trainer NAME --help``: the options of the chosen trainer, listed without importing its code."""

from __future__ import annotations

import argparse
import shlex
import shutil
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from mlkernel.errors import ConfigError

if TYPE_CHECKING:
    from mlkernel.config.layers import Layer
    from mlkernel.config.option_rows import OptionRow
    from mlkernel.config.option_view import ChosenComponent


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
    from mlkernel.config.sections import chosen_trainer

    layers = readable_layers(arguments.config)
    trainer = arguments.trainer or chosen_trainer(layers)
    if trainer is None:
        parser.print_help()
        print(f"\n{parser.prog} --trainer NAME --help lists the options of a trainer.")
        return 0
    words = f"{parser.prog} --trainer {trainer}"
    width = shutil.get_terminal_size((100, 24)).columns
    options = component_help(trainer, width, layers, arguments.overrides, words=words)
    print(f"usage: {words} [path=value ...]\n\n{options}")
    print(f"\n{parser.prog} --help lists the flags of the command itself.")
    return 0


def readable_layers(paths: Sequence[str]) -> list[Layer]:
    """The configuration files that can be read: help is printed whatever the others are like."""
    if not paths:
        return []
    from mlkernel.config.files import read_config_file

    layers = []
    for path in paths:
        try:
            layers.append(read_config_file(path))
        except ConfigError:
            continue
    return layers


def component_help(
    trainer: str, width: int, layers: Sequence[Layer] = (), overrides: Sequence[str] = (), *, words: str
) -> str:
    """The options of a trainer and of the sections that every run has, as tables of at most *width* columns.

    :param layers: may choose components, whose options are then listed, too.
    :param overrides: may choose components as well.
    :param words: the command line, for what to type next.
    :raises UnknownNameError: when nobody provides the trainer.
    :raises PluginError: when its configuration class cannot be imported.
    """
    from mlkernel.config.sections import sections_of
    from mlkernel.discovery.name_resolution import resolve

    component = resolve("trainer", trainer)
    head = f"{component.title.removeprefix('trainer ')}: {component.descriptor.summary}"
    return options_help(sections_of(component.config_class()), head, width, layers, overrides, words=words)


def options_help(
    classes: dict[str, type],
    head: str,
    width: int,
    layers: Sequence[Layer] = (),
    overrides: Sequence[str] = (),
    *,
    words: str,
) -> str:
    """The options of all sections and of the components chosen in them, as tables of at most *width* columns.

    :param classes: section → its configuration class.
    :param head: title of the first section.
    :param words: the command line, for what to type next.
    """
    from mlkernel.config.option_rows import option_rows
    from mlkernel.config.sections import settle

    settled = settle(classes, layers, overrides)
    tables = []
    for position, (name, section) in enumerate(settled.sections.items()):
        # Paths of the first section are written without its name, as on the command line.
        rows = option_rows(section, f"{name}." if position else "")
        title = f"Section {name}:" if position else head
        tables.append(_table(title, [row for row in rows if not row.within], width))
        for row in rows:
            if row.chosen is not None:
                inner = [option for option in rows if option.within == row.path]
                others = _others(row, row.chosen, words, overrides)
                tables.append(_table(_title(row.path, row.chosen), inner, width, others))
    return "\n\n".join([*tables, *map(str, settled.problems)])


def _table(title: str, rows: Sequence[OptionRow], width: int, *more: str) -> str:
    from mlkernel.cli.option_table import option_table

    return "\n".join([title, option_table(rows, width) if rows else "  no options", *filter(None, more)])


def _title(path: str, chosen: ChosenComponent) -> str:
    component = chosen.component
    provider = component.title.removeprefix(f"{component.kind} {component.name!r}")
    return f"{path}={chosen.name}{provider}: {component.descriptor.summary}"


def _others(row: OptionRow, chosen: ChosenComponent, words: str, overrides: Sequence[str]) -> str:
    """How to see what else could be chosen: with all overrides but those of the present choice."""
    from mlkernel.discovery.allow_and_block import read_policy
    from mlkernel.discovery.entry_point_index import read_index
    from mlkernel.discovery.inventory import inventory, usable_names

    component = chosen.component
    names = usable_names(inventory(read_index(), read_policy()), component.kind)
    others = [name for name in names if name not in (component.name, component.reference)]
    if not others:
        return ""
    kept = [word for word in overrides if not word.startswith((f"{row.path}=", f"{row.path}."))]
    example = shlex.join([*kept, f"{row.path}={others[0]}"])
    return f"  Or {row.path}={', '.join(others)}: {words} {example} --help lists the options of another."

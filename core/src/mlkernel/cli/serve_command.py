"""``kernel serve``: answer requests of other programs, by a server that a plugin brings."""

from __future__ import annotations

import argparse
import shutil
from functools import partial
from typing import Any

from mlkernel.cli.component_help import options_help, readable_layers

SECTION = "server"
"""Of configuration files; and the kind of component."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``kernel serve`` takes."""
    parser.add_argument(
        "-h", "--help", action=_ServerHelp, help="show this text; with NAME, that server's options"
    )
    parser.add_argument(
        "name",
        metavar="NAME",
        nargs="?",
        help="name, distribution:name, package.module:Class or ./file.py:Class; or use = 'NAME' in a file",
    )
    parser.add_argument(
        "-c",
        "--config",
        metavar="FILE",
        action="append",
        default=[],
        help="TOML, YAML or JSON with a section server; may be repeated, later files win",
    )
    parser.add_argument(
        "overrides", metavar="path=value", nargs="*", help="options of the server, such as port=8080"
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or Ctrl-C."""
    from mlkernel.config.component_config import configure

    name, overrides = _name_and_overrides(arguments)
    server = configure(SECTION, name, overrides, config_files=arguments.config).make()
    server.serve()
    return 0


def _name_and_overrides(arguments: argparse.Namespace) -> tuple[str | None, list[str]]:
    """A first word with an equals sign is no name but an option; the name is in a file then."""
    if arguments.name is not None and "=" in arguments.name:
        return None, [arguments.name, *arguments.overrides]
    return arguments.name, arguments.overrides


class _ServerHelp(argparse.Action):
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
    from mlkernel.config.sections import chosen_component
    from mlkernel.config.settled_choices import NoOptions
    from mlkernel.discovery.name_resolution import resolve

    layers = readable_layers(arguments.config)
    asked, overrides = _name_and_overrides(arguments)
    name = asked or chosen_component(layers, SECTION)
    if name is None:
        parser.print_help()
        print(f"\n{parser.prog} NAME --help lists the options of a server.")
        return 0
    component = resolve(SECTION, name)
    head = f"{component.title.removeprefix('server ')}: {component.descriptor.summary}"
    width = shutil.get_terminal_size((100, 24)).columns
    words = f"{parser.prog} {name}"
    classes = {SECTION: component.config_class() or NoOptions}
    options = options_help(classes, head, width, layers, overrides, words=words)
    print(
        f"usage: {words} [path=value ...]\n\n{options}\n\n{parser.prog} --help lists the flags of the command."
    )
    return 0

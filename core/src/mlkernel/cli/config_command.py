"""``kernel config``: show, describe or check a configuration without running anything, and keep parts of studies."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from mlkernel.cli.component_help import add_component_help
from mlkernel.cli.piece_arguments import add_folder_arguments
from mlkernel.cli.piece_command import HPOGRID, add_piece_actions
from mlkernel.errors import KernelError, UsageError

if TYPE_CHECKING:
    from mlkernel.config.layers import Layer
    from mlkernel.config.sections import RunConfiguration
    from mlkernel.discovery.component import Component


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``kernel config`` takes."""
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    show = actions.add_parser(
        "show",
        help="print the configuration that a run would have, or a stored piece, and where each value is from",
        allow_abbrev=False,
        conflict_handler="resolve",
    )
    _add_trainer(show)
    show.add_argument(
        "-c", "--config", metavar="FILE", action="append", default=[], help="may be repeated, later files win"
    )
    show.add_argument(
        "overrides",
        metavar="path=value | KIND NAME",
        nargs="*",
        help="as for kernel run; or a stored study, space, model, launcher or project",
    )
    formats = show.add_mutually_exclusive_group()
    formats.add_argument(
        "--json", action="store_true", help="the configuration and the origins, for programs"
    )
    formats.add_argument("--toml", action="store_true", help="a configuration file, origins as comments")
    formats.add_argument("--yaml", action="store_true", help="a configuration file")
    add_folder_arguments(show)
    add_component_help(show)
    show.set_defaults(config_action=_show)

    schema = actions.add_parser("schema", help="print the JSON Schema of a trainer's configuration files")
    _add_trainer(schema)
    schema.add_argument(
        "overrides",
        metavar="path=NAME",
        nargs="*",
        help="describe the options of other components than the default",
    )
    schema.set_defaults(config_action=_schema)

    validate = actions.add_parser("validate", help="check configuration files", allow_abbrev=False)
    validate.add_argument("files", metavar="FILE", nargs="+")
    _add_trainer(validate)
    validate.set_defaults(config_action=_validate)
    add_piece_actions(actions)


def run(arguments: argparse.Namespace) -> int:
    """Carry out the action and return its exit code."""
    exit_code: int = arguments.config_action(arguments)
    return exit_code


def _add_trainer(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-t", "--trainer", metavar="NAME", help="instead of what the files name under [trainer] use"
    )


def _show(arguments: argparse.Namespace) -> int:
    first, *others = arguments.overrides or [""]
    if first in HPOGRID or first in HPOGRID.values():
        from mlkernel.cli.piece_listing import run_show

        return run_show(first, others, arguments)
    if first and "=" not in first:
        raise UsageError(
            f"{first!r} is neither path=value nor a kind of stored piece",
            hint=f"kernel config show KIND NAME shows a {', '.join(list(HPOGRID)[:-1])} or {list(HPOGRID)[-1]}.",
        )
    from mlkernel.config.configuration_text import configuration_text
    from mlkernel.config.files import read_config_file
    from mlkernel.config.sections import to_plain

    layers = [read_config_file(path) for path in arguments.config]
    name, component = _trainer(arguments.trainer, layers)
    configuration = _configured(component, layers, arguments.overrides)
    if arguments.json:
        described = {"configuration": to_plain(configuration), "origins": dict(configuration.origins)}
        print(json.dumps({"trainer": component.reference, **described}, indent=2))
    elif arguments.toml or arguments.yaml:
        print(configuration_text(configuration, "toml" if arguments.toml else "yaml", name), end="")
    else:
        print(_with_origins(configuration))
    return 0


def _schema(arguments: argparse.Namespace) -> int:
    from mlkernel.config.json_schema import json_schema

    _, component = _trainer(arguments.trainer, [])
    print(json.dumps(json_schema(component.config_class(), arguments.overrides), indent=2))
    return 0


def _validate(arguments: argparse.Namespace) -> int:
    from mlkernel.config.files import read_config_file

    exit_code = 0
    for path in arguments.files:
        try:
            layer = read_config_file(path)
            _, component = _trainer(arguments.trainer, [layer])
            _configured(component, [layer], [])
        except KernelError as error:
            # The other files are checked as well.
            print(f"error: {error}", file=sys.stderr)
            exit_code = max(exit_code, error.exit_code)
        else:
            print(f"{path}: valid for {component.title}")
    return exit_code


def _trainer(asked: str | None, layers: list[Layer]) -> tuple[str, Component]:
    from mlkernel.config.sections import named_trainer
    from mlkernel.discovery.name_resolution import resolve

    name = named_trainer(asked, layers)
    return name, resolve("trainer", name)


def _configured(component: Component, layers: list[Layer], overrides: list[str]) -> RunConfiguration:
    from mlkernel.config.sections import build

    return build(component.config_class(), layers, overrides, descriptor=component.descriptor)


def _with_origins(configuration: RunConfiguration) -> str:
    from mlkernel.cli.option_table import value_text
    from mlkernel.config.layers import origin_of
    from mlkernel.config.sections import to_plain

    tree = to_plain(configuration)
    rows = [
        (path, value_text(value), origin_of(path, configuration.origins))
        for section in ("trainer", "run", "checkpoint")
        for path, value in _leaves(tree[section], section)
        if path != "trainer.config_version"
    ]
    path_width, value_width = (min(48, max(len(row[column]) for row in rows)) for column in (0, 1))
    return "\n".join(
        f"{path:<{path_width}} = {value:<{value_width}}  # {origin}" for path, value, origin in rows
    )


def _leaves(value: Any, path: str) -> list[tuple[str, Any]]:
    if not isinstance(value, dict) or not value:
        return [(path, value)]
    return [leaf for key, entry in value.items() for leaf in _leaves(entry, f"{path}.{key}")]

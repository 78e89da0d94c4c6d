"""The whole configuration of a run: its sections, built from files and overrides, and written back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
from attrs import field, frozen

from mlkernel.config.layers import Assignment, Layer, LayeredTree, plain
from mlkernel.config.migrations import migrated
from mlkernel.config.option_rows import option_paths
from mlkernel.config.option_view import RESERVED, USE
from mlkernel.config.override_layer import override_layer
from mlkernel.config.overrides import locate, parse_override
from mlkernel.config.problems import Problem, did_you_mean, raise_problems
from mlkernel.config.run_config import CheckpointConfig, RunConfig
from mlkernel.config.settled_choices import NoOptions, SettledChoices
from mlkernel.descriptors import Descriptor
from mlkernel.errors import UsageError

FILE_VERSION = 1
"""Version of the layout of configuration files: the sections, and what is in ``run`` and ``checkpoint``."""


@frozen(kw_only=True)
class RunConfiguration:
    """The configuration of one run, complete and valid."""

    trainer: Any
    """Instance of the chosen trainer's configuration class."""
    run: RunConfig = field(factory=RunConfig)
    """What every run can be told."""
    checkpoint: CheckpointConfig = field(factory=CheckpointConfig)
    """When checkpoints are made, and which are kept."""
    config_version: int = 1
    """Version of the trainer's configuration class."""
    origins: Mapping[str, str] = field(factory=dict, eq=False, repr=False)
    """Path of each value that is not a default → where it was given."""


def sections_of(trainer_class: type | None) -> dict[str, type]:
    """Section name → its configuration class."""
    return {"trainer": trainer_class or NoOptions, "run": RunConfig, "checkpoint": CheckpointConfig}


def build(
    trainer_class: type | None,
    layers: Sequence[Layer] = (),
    overrides: Sequence[str | Assignment] = (),
    *,
    descriptor: Descriptor | None = None,
) -> RunConfiguration:
    """The configuration that *layers*, in rising precedence, and then *overrides* give.

    :param trainer_class: configuration class of the chosen trainer, or ``None`` when it has none.
    :param layers: what ``read_config_file`` returned, for each file.
    :param overrides: ``path=value`` as users write it, or an :class:`Assignment`, whose path may use the shorthand too.
    :param descriptor: the trainer's; files older than its ``config_version`` are migrated.
    :raises ConfigError: lists every problem of all layers and overrides, each with its path and origin.
    """
    structured, origins = build_sections(
        sections_of(trainer_class), [migrated(layer, descriptor) for layer in layers], overrides
    )
    version = descriptor.config_version if descriptor is not None else 1
    return RunConfiguration(**structured, config_version=version, origins=origins)


def build_sections(
    sections: Mapping[str, type], layers: Sequence[Layer], overrides: Sequence[str | Assignment]
) -> tuple[dict[str, Any], Mapping[str, str]]:
    """An instance of the class of each section, and the origins of the values that are no defaults.

    :raises ConfigError: as :func:`build` does.
    """
    # Imported when it is needed: what lists options, such as --help, starts sooner without it.
    from mlkernel.config.structuring import structure

    settled = settle(sections, layers, overrides)
    values = LayeredTree(settled.sections)
    problems = list(settled.problems)
    for layer in settled.layers:
        problems += [*layer.problems, *_unknown_sections(layer, settled.sections)]
        values.add_layer(_without_reserved(layer, settled.sections))
    for override in overrides:
        assignment = _resolve(override, settled.sections)
        if isinstance(assignment, Problem):
            problems.append(assignment)
        else:
            values.assign(assignment)
    structured: dict[str, Any] = {}
    known = option_paths(settled.sections)
    for name, section in settled.sections.items():
        structured[name], found = structure(section, values.tree[name], name, known)
        problems += [_with_origin(problem, values) for problem in found]
    raise_problems(problems)
    return structured, values.origins


def settle(
    sections: Mapping[str, type], layers: Sequence[Layer] = (), overrides: Sequence[str | Assignment] = ()
) -> SettledChoices:
    """The sections with every choice made by *layers* and *overrides*, and the layers without the last ones."""
    settled = SettledChoices(sections, [*layers, override_layer(overrides, sections)])
    settled.layers.pop()
    return settled


def to_plain(configuration: RunConfiguration) -> dict[str, Any]:
    """The configuration in JSON types only, with all defaults written out; a configuration file in its own right.

    A secret is written as its reference, ``env:NAME``.
    """
    return {
        "version": FILE_VERSION,
        "trainer": {"config_version": configuration.config_version, **plain(configuration.trainer)},
        "run": plain(configuration.run),
        "checkpoint": plain(configuration.checkpoint),
    }


def from_plain(
    trainer_class: type | None,
    tree: Mapping[str, Any],
    overrides: Sequence[str | Assignment] = (),
    *,
    source: str = "plan.json",
    descriptor: Descriptor | None = None,
) -> RunConfiguration:
    """The configuration that :func:`to_plain` wrote, with *overrides* laid over it.

    :param trainer_class: as for :func:`build`.
    :param tree: what :func:`to_plain` returned, through JSON or not.
    :param overrides: as for :func:`build`.
    :param source: where the tree is from; the origin of its values.
    :param descriptor: as for :func:`build`.
    :raises ConfigError: as :func:`build` does.
    """
    layer = Layer(tree=tree, source=source)
    return build(trainer_class, [layer], overrides, descriptor=descriptor)


def chosen_component(layers: Sequence[Layer], section: str) -> str | None:
    """What ``use`` in *section* names, in the last layer that has it."""
    for layer in reversed(layers):
        table = layer.tree.get(section)
        if isinstance(table, Mapping) and isinstance(table.get(USE), str):
            return str(table[USE])
    return None


def chosen_trainer(layers: Sequence[Layer]) -> str | None:
    """The trainer that *layers* choose."""
    return chosen_component(layers, "trainer")


def named_trainer(asked: str | None, layers: Sequence[Layer]) -> str:
    """What was *asked* for, or else what the *layers* choose.

    :raises UsageError: there is neither.
    """
    name = asked or chosen_trainer(layers)
    if name is not None:
        return name
    where = f" in {layers[-1].source}" if layers else ""
    raise UsageError(
        f"no trainer was named{where}",
        hint="--trainer NAME, or use = 'NAME' in the section [trainer] of a configuration file; "
        "kernel plugin list --kind trainer shows what is installed.",
    )


def _resolve(override: str | Assignment, sections: Mapping[str, type]) -> Assignment | Problem:
    if isinstance(override, str):
        return parse_override(override, sections)
    located = locate(override.path, sections)
    if isinstance(located, Problem):
        return attrs.evolve(located, origin=override.origin)
    return attrs.evolve(override, path=located[0])


def _unknown_sections(layer: Layer, sections: Mapping[str, type]) -> list[Problem]:
    problems = []
    first = next(iter(sections))
    for name in layer.tree:
        if name not in sections and name != "version":
            inside = isinstance(locate(f"{first}.{name}", sections), tuple)
            suggestion = f"did you mean {first}.{name}?" if inside else did_you_mean(name, sections)
            origin = layer.origins.get(name, layer.source)
            problems.append(
                Problem(path=name, message="unknown section", origin=origin, suggestion=suggestion)
            )
    version = layer.tree.get("version", FILE_VERSION)
    if version != FILE_VERSION:
        message = f"this mlkernel reads files of version {FILE_VERSION}, not {version!r}"
        origin = layer.origins.get("version", layer.source)
        problems.append(Problem(path="version", message=message, origin=origin))
    return problems


def _without_reserved(layer: Layer, sections: Mapping[str, type]) -> Layer:
    tree = {name: value for name, value in layer.tree.items() if name in sections}
    first = next(iter(sections))
    if isinstance(tree.get(first), Mapping):
        tree[first] = {key: value for key, value in tree[first].items() if key not in RESERVED}
    return attrs.evolve(layer, tree=tree)


def _with_origin(problem: Problem, values: LayeredTree) -> Problem:
    return attrs.evolve(problem, origin=values.origin_of(problem.path) if values.has(problem.path) else None)

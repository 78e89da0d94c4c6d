"""The configuration of one component that is used outside of a run: a server, an analyser of stored episodes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mlkernel.config.choice import Choice
from mlkernel.config.files import read_config_file
from mlkernel.config.migrations import migrated
from mlkernel.config.option_view import kind_words
from mlkernel.config.sections import build_sections, chosen_component
from mlkernel.config.settled_choices import NoOptions
from mlkernel.discovery.name_resolution import resolve
from mlkernel.errors import UsageError


def configure(
    kind: str,
    name: str | None = None,
    overrides: Sequence[str] = (),
    *,
    config_files: Sequence[str | Path] = (),
) -> Choice:
    """Choose a component of *kind*, with the options that files and ``path=value`` give; none of its code is imported.

    :param kind: also the section of configuration files that holds the options.
    :param name: as users write it; without it, what the files ``use``.
    :param overrides: ``path=value``, over the files.
    :param config_files: TOML, YAML or JSON; later ones lie over earlier ones.
    :raises UsageError: nothing was named, or the name leads nowhere.
    :raises ConfigError: lists every value that is wrong, with its path and origin.
    """
    layers = [read_config_file(path) for path in config_files]
    name = name or chosen_component(layers, kind)
    if name is None:
        raise UsageError(
            f"no {kind_words(kind)} was named" + (f" in {layers[-1].source}" if layers else ""),
            hint=f"Give its name, or use = 'NAME' in the section [{kind}] of a configuration file; "
            f"kernel plugin list --kind {kind} shows what is installed.",
        )
    component = resolve(kind, name)
    config_class = component.config_class()
    current = [migrated(layer, component.descriptor, kind) for layer in layers]
    structured, _ = build_sections({kind: config_class or NoOptions}, current, overrides)
    named = component.reference if component.distribution is None else name
    return Choice(kind=kind, name=named, config=None if config_class is None else structured[kind])

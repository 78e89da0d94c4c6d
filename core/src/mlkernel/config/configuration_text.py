"""A configuration written as a file that gives it again."""

from __future__ import annotations

import json
from typing import Any, Literal

from mlkernel.config.layers import Layer, default_tree, has_null
from mlkernel.config.option_types import admits_text, config_class_in, config_fields
from mlkernel.config.sections import RunConfiguration, sections_of, settle, to_plain
from mlkernel.errors import ConfigError

Format = Literal["toml", "yaml", "json"]


def configuration_text(
    configuration: RunConfiguration, file_format: Format, trainer: str | None = None
) -> str:
    """Write *configuration* with all its defaults; TOML with the origins of the other values as comments.

    :param configuration: what to write.
    :param file_format: the format.
    :param trainer: name of the trainer, for the key ``use``.
    :raises ConfigError: in TOML, for a null that cannot be told from text.
    """
    tree = to_plain(configuration)
    if trainer is not None:
        tree["trainer"] = {"use": trainer, **tree["trainer"]}
    if file_format == "json":
        return json.dumps(tree, indent=2, ensure_ascii=False) + "\n"
    if file_format == "yaml":
        from mlkernel.config.yaml_text import format_yaml

        return format_yaml(tree)
    from mlkernel.config.toml_text import format_toml

    written = Layer(tree=tree, source="")
    for name, section in settle(sections_of(type(configuration.trainer)), [written]).sections.items():
        tree[name] = _without_nulls(tree[name], section, default_tree(section), name)
    return format_toml(tree, dict(configuration.origins))


def _without_nulls(tree: dict[str, Any], config_class: type, defaults: Any, path: str) -> dict[str, Any]:
    """Leave out each null that TOML cannot express, provided that it is the default."""
    types = {option.name: option.type for option in config_fields(config_class)}
    kept: dict[str, Any] = {}
    for key, value in tree.items():
        nested = config_class_in(types.get(key))
        default = defaults.get(key, ...)
        if nested is not None and isinstance(value, dict):
            inner = default if isinstance(default, dict) else default_tree(nested)
            kept[key] = _without_nulls(value, nested, inner, f"{path}.{key}")
        elif value is None and default is None:
            continue
        elif has_null(value) and (value is not None or admits_text(types.get(key))):
            raise ConfigError(
                f"{path}.{key}: TOML has no null", hint="write the configuration as YAML or JSON"
            )
        else:
            kept[key] = value
    return kept

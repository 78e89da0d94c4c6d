"""Configuration files: TOML, YAML or JSON, by their suffix."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mlkernel.config.layers import Layer, has_null
from mlkernel.config.parsed_text import ParsedText, SyntaxFault
from mlkernel.config.problems import Problem
from mlkernel.errors import ConfigError

Parser = Callable[[str], ParsedText]


def read_config_file(path: str | Path) -> Layer:
    """Read a configuration file, with the line of each of its values.

    :raises ConfigError: when the file cannot be read, or is not of the format that its suffix tells; with line and
        column.
    """
    format_name, parser, null_word = _format_of(Path(path))
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is no text in UTF-8: {error.reason} at byte {error.start}") from error
    except OSError as error:
        raise ConfigError(f"the configuration file {path} cannot be read: {error.strerror}") from error
    try:
        parsed = parser(text)
    except SyntaxFault as fault:
        place = f"{path}:{fault.line}:{fault.column}" if fault.line else str(path)
        raise ConfigError(f"{place}: not valid {format_name}: {fault.message}") from fault
    return _layer(str(path), parsed, null_word)


def format_tree(tree: dict[str, Any], path: Path) -> str:
    """Write *tree* in the format that the suffix of *path* tells, so that :func:`read_config_file` reads it back.

    :raises ConfigError: there is a null in it, and the format has none; or the suffix is of no format.
    """
    _, _, null_word = _format_of(path)
    if null_word is not None:
        from mlkernel.config.toml_text import format_toml

        if has_null(tree):
            raise ConfigError(f"{path}: TOML has no null", hint="Rename the file to *.yaml or *.json.")
        return format_toml(tree)
    if path.suffix.lower() == ".json":
        return json.dumps(tree, indent=2, ensure_ascii=False) + "\n"
    from mlkernel.config.yaml_text import format_yaml

    return format_yaml(tree)


def _layer(source: str, parsed: ParsedText, null_word: str | None) -> Layer:
    problems = [
        Problem(path=wrong.path, message=wrong.message, origin=f"{source}:{wrong.line}")
        for wrong in parsed.misplaced
    ]
    tree = parsed.tree
    if not isinstance(tree, dict):
        hint = "write sections such as trainer and run"
        problems.append(
            Problem(path="", message="a table expected at the top", origin=source, suggestion=hint)
        )
        tree = {}
    origins = {place: f"{source}:{line}" for place, line in parsed.lines.items()}
    return Layer(tree=tree, source=source, origins=origins, problems=tuple(problems), null_word=null_word)


def _format_of(path: Path) -> tuple[str, Parser, str | None]:
    """Name, parser and word for null of the format; the parsers are imported here, since few commands need one."""
    match path.suffix.lower():
        case ".toml":
            from mlkernel.config.toml_text import NULL_WORD, parse_toml

            return "TOML", parse_toml, NULL_WORD
        case ".yaml" | ".yml":
            from mlkernel.config.yaml_text import parse_yaml

            return "YAML", parse_yaml, None
        case ".json":
            from mlkernel.config.json_text import parse_json

            return "JSON", parse_json, None
    raise ConfigError(
        f"the format of {path} is not known from its suffix", hint="name it *.toml, *.yaml, *.yml or *.json"
    )

"""YAML, with the words of its core schema (YAML 1.2): ``1e-3`` is a number, and ``no`` and ``on`` are text."""

from __future__ import annotations

import re
from typing import Any

import yaml

from mlkernel.config.parsed_text import Misplaced, ParsedText, SyntaxFault

CORE_SCHEMA = (
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?(?:0|[1-9][0-9_]*)|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        (
            r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|\.[0-9]+(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+)"
            r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
        ),
        "-+0123456789.",
    ),
    ("merge", r"<<", "<"),
)
"""Tag, the words that have it, and the characters that these begin with (``\\0``: no character at all)."""
MERGE = "tag:yaml.org,2002:merge"
TEXT = "tag:yaml.org,2002:str"


class CoreLoader(yaml.SafeLoader):
    """Reads the core schema."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's way: without those of YAML 1.1


class CoreDumper(yaml.SafeDumper):
    """Quotes what the core schema would read as something else."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - as above

    def ignore_aliases(self, data: Any) -> bool:
        """Write a value that occurs twice twice: no anchors in a file for people."""
        return True


def _represent_text(dumper: CoreDumper, text: str) -> yaml.ScalarNode:
    # Line breaks beyond ASCII would be folded into spaces when they are read; in double quotes they are escaped.
    style = '"' if any(character in text for character in "\x85\u2028\u2029") else None
    return dumper.represent_scalar(TEXT, text, style=style)


CoreDumper.add_representer(str, _represent_text)
for _class in (CoreLoader, CoreDumper):
    for _tag, _words, _first in CORE_SCHEMA:
        _starts = ["" if character == "\0" else character for character in _first]
        _class.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_words})$"), _starts)


def parse_yaml(text: str) -> ParsedText:
    """Read one document.

    :raises SyntaxFault: when it is no YAML, has tags, or contains itself.
    """
    try:
        return _parse(CoreLoader(text))
    except yaml.MarkedYAMLError as error:
        raise _fault(error) from error
    except yaml.YAMLError as error:
        raise SyntaxFault(str(error).partition("\n")[0]) from error


def _parse(loader: CoreLoader) -> ParsedText:
    root = loader.get_single_node()
    if root is None:
        return ParsedText(tree={})
    places = _Places()
    places.visit(root, "")
    tree = _with_text_keys(loader.construct_document(root))
    return ParsedText(tree=tree, lines=places.lines, misplaced=tuple(places.misplaced))


def format_yaml(tree: Any) -> str:
    """Write a tree so that :func:`parse_yaml` reads it back."""
    return yaml.dump(tree, Dumper=CoreDumper, sort_keys=False, allow_unicode=True, width=100)


def _fault(error: yaml.MarkedYAMLError) -> SyntaxFault:
    message = ", ".join(part for part in (error.context, error.problem) if part)
    mark = error.problem_mark or error.context_mark
    return SyntaxFault(message, mark.line + 1, mark.column + 1) if mark else SyntaxFault(message)


class _Places:
    """Notes on which line each path stands, and what is wrong with the keys."""

    def __init__(self) -> None:
        self.lines: dict[str, int] = {}
        self.misplaced: list[Misplaced] = []

    def visit(self, node: yaml.Node, path: str, above: tuple[yaml.Node, ...] = ()) -> None:
        if node in above:
            mark = node.start_mark
            raise SyntaxFault("a value that contains itself", mark.line + 1, mark.column + 1)
        if isinstance(node, yaml.SequenceNode):
            for index, entry in enumerate(node.value):
                self.lines.setdefault(f"{path}[{index}]", entry.start_mark.line + 1)
                self.visit(entry, f"{path}[{index}]", (*above, node))
        elif isinstance(node, yaml.MappingNode):
            self._visit_mapping(node, path, (*above, node))

    def _visit_mapping(self, node: yaml.MappingNode, path: str, above: tuple[yaml.Node, ...]) -> None:
        given: set[str] = set()
        # Merged mappings last: a key that stands here itself goes before theirs.
        for key, value in sorted(node.value, key=lambda pair: pair[0].tag == MERGE):
            if key.tag == MERGE:
                for mapping in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    self.visit(mapping, path, above)
                continue
            inner = f"{path}.{key.value}" if path else str(key.value)
            line = key.start_mark.line + 1
            if key.tag != TEXT:
                self.misplaced.append(
                    Misplaced(path=inner, message="keys are text; put it in quotes", line=line)
                )
            elif key.value in given:
                self.misplaced.append(Misplaced(path=inner, message="given twice in one table", line=line))
            given.add(str(key.value))
            self.lines.setdefault(inner, line)
            self.visit(value, inner, above)


def _with_text_keys(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {str(key): _with_text_keys(value) for key, value in tree.items()}
    return [_with_text_keys(entry) for entry in tree] if isinstance(tree, list) else tree

"""TOML: reading with the lines of keys, which the standard library's parser does not tell, and writing."""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections import Counter
from typing import Any

from mlkernel.config.parsed_text import ParsedText, SyntaxFault

NULL_WORD = "null"
"""TOML has no null: this text stands for it wherever an option admits null but not text."""
KEY = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
DOTTED_KEY = rf"{KEY}(?:\s*\.\s*{KEY})*"
HEADER = re.compile(rf"\s*(\[\[?)\s*({DOTTED_KEY})\s*\]")
ASSIGNMENT = re.compile(rf"\s*({DOTTED_KEY})\s*=")
PLACE = re.compile(r" \(at line (\d+), column (\d+)\)$")
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def parse_toml(text: str) -> ParsedText:
    """Read a document.

    :raises SyntaxFault: when it is no TOML.
    """
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = PLACE.search(str(error))
        line, column = (int(number) for number in place.groups()) if place else (0, 0)
        raise SyntaxFault(PLACE.sub("", str(error)), line, column) from error
    return ParsedText(tree=tree, lines=_lines(text))


def _lines(text: str) -> dict[str, int]:
    lines: dict[str, int] = {}
    tables: Counter[str] = Counter()
    prefix, in_text = "", False
    for number, line in enumerate(text.splitlines(), start=1):
        was_in_text = in_text
        in_text ^= (line.count('"""') + line.count("'''")) % 2 == 1
        if was_in_text:
            continue
        if header := HEADER.match(line):
            prefix = _dotted(header[2])
            if header[1] == "[[":
                tables[prefix] += 1
                prefix = f"{prefix}[{tables[prefix] - 1}]"
            lines.setdefault(prefix, number)
        elif assignment := ASSIGNMENT.match(line):
            key = _dotted(assignment[1])
            lines.setdefault(f"{prefix}.{key}" if prefix else key, number)
    return lines


def _dotted(key: str) -> str:
    return ".".join(_unquoted(part) for part in re.findall(KEY, key))


def _unquoted(key: str) -> str:
    return next(iter(tomllib.loads(f"{key} = 0")))


def format_toml(tree: dict[str, Any], comments: dict[str, str] | None = None, prefix: str = "") -> str:
    """Write a tree, each table under its header, so that :func:`parse_toml` reads it back.

    :param tree: JSON types; ``None`` is written as ``"null"``.
    :param comments: path → what is written behind its value.
    :param prefix: path of the tree, when it is a table of a larger one.
    """
    comments = comments or {}
    tables = {key: value for key, value in tree.items() if isinstance(value, dict) and value}
    lines = []
    for key, value in tree.items():
        if key not in tables:
            comment = comments.get(f"{prefix}.{key}" if prefix else key)
            lines.append(f"{_key(key)} = {_value(value)}" + _comment(comment))
    blocks = ["\n".join(lines)] if lines else []
    for key, table in tables.items():
        path = f"{prefix}.{_key(key)}" if prefix else _key(key)
        body = format_toml(table, comments, path)
        has_values = any(not isinstance(value, dict) or not value for value in table.values())
        blocks.append(f"[{path}]\n{body}" if has_values else body)
    return "\n\n".join(block.rstrip("\n") for block in blocks) + "\n"


def _comment(comment: str | None) -> str:
    if not comment:
        return ""
    return "  # " + "".join(character if character.isprintable() else " " for character in comment)


def _key(key: str) -> str:
    return key if BARE_KEY.fullmatch(key) else _text(key)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    if value is None:
        return _text(NULL_WORD)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(_value(entry) for entry in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)} = {_value(entry)}" for key, entry in value.items()) + "}"
    return _text(value) if isinstance(value, str) else repr(value)

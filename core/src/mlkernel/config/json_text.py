"""JSON, with the lines of keys."""

from __future__ import annotations

import json

from attrs import evolve

from mlkernel.config.parsed_text import ParsedText, SyntaxFault
from mlkernel.config.yaml_text import parse_yaml


def parse_json(text: str) -> ParsedText:
    """Read a document.

    :raises SyntaxFault: when it is no JSON.
    """
    try:
        tree = json.loads(text)
    except json.JSONDecodeError as error:
        raise SyntaxFault(error.msg, error.lineno, error.colno) from error
    try:
        # JSON is YAML, whose parser knows lines. Tabs, which JSON has between values only, are not YAML's.
        return evolve(parse_yaml(text.replace("\t", " ")), tree=tree)
    except SyntaxFault:
        return ParsedText(tree=tree)  # control characters and the like: read, but without lines

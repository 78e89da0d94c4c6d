"""JSON, with the lines of keys; comments may stand in it, as in the files of mle-toolbox."""

from __future__ import annotations

import json
import re

from attrs import evolve

from mlkernel.config.parsed_text import ParsedText, SyntaxFault
from mlkernel.config.yaml_text import parse_yaml

_TEXT_OR_COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|(?:#|//)[^\n]*')


def parse_json(text: str) -> ParsedText:
    """Read a document. From ``#`` or ``//`` to the end of a line it says nothing.

    :raises SyntaxFault: when it is no JSON.
    """
    text = _TEXT_OR_COMMENT.sub(_without_comment, text)
    try:
        tree = json.loads(text)
    except json.JSONDecodeError as error:
        raise SyntaxFault(error.msg, error.lineno, error.colno) from error
    try:
        # JSON is YAML, whose parser knows lines. Tabs, which JSON has between values only, are not YAML's.
        return evolve(parse_yaml(text.replace("\t", " ")), tree=tree)
    except SyntaxFault:
        return ParsedText(tree=tree)  # control characters and the like: read, but without lines


def _without_comment(found: re.Match[str]) -> str:
    """A text as it is; blanks for a comment, so that everything else keeps its place."""
    return found[0] if found[0].startswith('"') else " " * len(found[0])

"""Prompts as templates, whose variables are checked before anybody is asked anything."""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

import jinja2
from attrs import field, frozen
from jinja2 import meta, nodes
from jinja2.sandbox import SandboxedEnvironment

from mlkernel import ConfigError

_ENVIRONMENT = SandboxedEnvironment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)


@frozen
class PromptTemplate:
    """A Jinja template that can neither run code nor reach files.

    :raises ConfigError: it cannot be read, or uses a variable that nobody offers; all such are listed.
    """

    name: str
    """For messages; a path where it lies in a file."""
    source: str
    offered: frozenset[str]
    """The variables that it may use."""
    _template: jinja2.Template = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_template", self._compiled())

    def render(self, values: Mapping[str, object]) -> str:
        """Fill in *values*, one for each offered variable; blanks at both ends are dropped.

        :raises ConfigError: the template asks of a value what it does not have.
        """
        try:
            return self._template.render(values).strip()
        except Exception as error:
            lines = [
                frame.lineno
                for frame in traceback.extract_tb(error.__traceback__)
                if "<template>" in frame.filename
            ]
            where = f"{self.name}, line {lines[-1]}" if lines else self.name
            raise ConfigError(f"{where}: {error}") from error

    def _compiled(self) -> jinja2.Template:
        try:
            tree = _ENVIRONMENT.parse(self.source)
            template = _ENVIRONMENT.from_string(self.source)
        except jinja2.TemplateSyntaxError as error:
            raise ConfigError(f"{self.name}, line {error.lineno}: {error.message}") from error
        problems = [*self._foreign_templates(tree), *self._unknown_variables(tree)]
        if problems:
            raise ConfigError("\n".join(problems), hint=f"There are: {', '.join(sorted(self.offered))}.")
        return template

    def _foreign_templates(self, tree: nodes.Template) -> Iterator[str]:
        kinds = (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)
        for node in tree.find_all(kinds):
            yield f"{self.name}, line {node.lineno}: a prompt cannot include, import or extend another"

    def _unknown_variables(self, tree: nodes.Template) -> Iterator[str]:
        unknown = meta.find_undeclared_variables(tree) - self.offered - _ENVIRONMENT.globals.keys()
        for node in tree.find_all(nodes.Name):
            if node.name in unknown and node.ctx == "load":
                close = get_close_matches(node.name, self.offered, n=1)
                guess = f" Did you mean {close[0]!r}?" if close else ""
                yield f"{self.name}, line {node.lineno}: no variable is named {node.name!r}.{guess}"


@lru_cache(maxsize=1024)
def prompt_template(name: str, source: str, offered: frozenset[str]) -> PromptTemplate:
    """A template that is compiled once, however many episodes use it."""
    return PromptTemplate(name, source, offered)


def templates_from(folder: Path, offered: Mapping[str, frozenset[str]]) -> dict[str, PromptTemplate]:
    """The templates of a user: ``NAME.jinja`` in *folder*, for names of *offered* (template → its variables).

    :raises ConfigError: no such folder, a file that is no template's, or a template that breaks its rules.
    """
    if not folder.is_dir():
        raise ConfigError(
            f"no folder of prompts: {folder}", hint="Make it, or leave the option 'prompts' out."
        )
    templates = {}
    for path in sorted(folder.glob("*.jinja")):
        if path.stem not in offered:
            close = get_close_matches(path.stem, offered, n=1)
            guess = f" Did you mean {close[0]}.jinja?" if close else ""
            names = ", ".join(f"{name}.jinja" for name in sorted(offered))
            raise ConfigError(f"{path}: no prompt has this name.{guess}", hint=f"There are: {names}.")
        templates[path.stem] = PromptTemplate(str(path), path.read_text(encoding="utf-8"), offered[path.stem])
    if not templates:
        raise ConfigError(f"{folder} holds no prompt", hint=f"Write, for example, {min(offered)}.jinja.")
    return templates


def prompts_hash(templates: Mapping[str, PromptTemplate]) -> str:
    """A hash of everything that *templates* (name → template) say, to be kept with a run."""
    digest = hashlib.sha256()
    for name, template in sorted(templates.items()):
        digest.update(f"{name}\x1f{template.source}\x1e".encode())
    return digest.hexdigest()

"""The directive ``hook-reference``: every hook specification with its exact arguments and its docstring."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, ClassVar

import pluggy
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import nested_parse_with_titles

from mlkernel.hookspecs import FAMILIES, PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sphinx.application import Sphinx


class HookReference(SphinxDirective):
    """Writes one section for each family of hooks, in the order in which the kernel declares them."""

    has_content: ClassVar[bool] = False

    def run(self) -> list[nodes.Node]:
        """Parse the generated reStructuredText where the directive stands."""
        lines = [line for family in FAMILIES for line in family_lines(family)]
        container = nodes.section()
        container.document = self.state.document
        nested_parse_with_titles(self.state, StringList(lines, source="hook specifications"), container)
        return container.children


def family_lines(family: type) -> Iterator[str]:
    """ReStructuredText of one family of hooks."""
    manager = pluggy.PluginManager(PROJECT)
    title = " ".join(re.findall("[A-Z][a-z]+", family.__name__.removesuffix("Hooks"))).capitalize()
    yield from (title, "-" * len(title), "")
    yield from (".. py:currentmodule:: mlkernel.hookspecs", "", f".. py:class:: {family.__name__}", "")
    yield from _indented(inspect.getdoc(family) or "")
    for name, function in vars(family).items():
        options = manager.parse_hookspec_opts(family, name)
        if options is not None:
            yield from _indented("\n".join(hook_lines(function, question=bool(options["firstresult"]))))


def hook_lines(function: Callable[..., object], *, question: bool) -> Iterator[str]:
    """ReStructuredText of one hook."""
    kind = "*Question*: the first answer that is not ``None`` counts." if question else "*Notification*."
    yield from (f".. py:method:: {function.__name__}{signature(function)}", "", f"   {kind}", "")
    yield from _indented(inspect.getdoc(function) or "")


def signature(function: Callable[..., object]) -> str:
    """Arguments and answer as they are written in the source, without ``self``."""
    found = inspect.signature(function)
    arguments = [f"{name}: {argument.annotation}" for name, argument in list(found.parameters.items())[1:]]
    return f"({', '.join(arguments)}) -> {found.return_annotation}"


def _indented(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield f"   {line}" if line else ""
    yield ""


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx."""
    app.add_directive("hook-reference", HookReference)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

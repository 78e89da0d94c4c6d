"""The directive ``option-table``: the options of a configuration class, from the declaration that checks them."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import TYPE_CHECKING, ClassVar

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from mlkernel.cli.option_table import default_text
from mlkernel.config.option_rows import OptionRow, option_rows
from mlkernel.discovery.name_resolution import resolve

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sphinx.application import Sphinx

COLUMNS = {"Option": 25, "Type": 20, "Default": 15, "Meaning": 40}
"""Titles and relative widths."""


class OptionTable(SphinxDirective):
    """Takes a kind and a name, as in ``trainer ppo``, or ``package.module:Class``; ``prefix`` names the section."""

    required_arguments: ClassVar[int] = 1
    final_argument_whitespace: ClassVar[bool] = True
    option_spec: ClassVar[dict[str, object]] = {"prefix": str}

    def run(self) -> list[nodes.Node]:
        """Build the table."""
        rows = option_rows(config_class(self.arguments[0]), prefix=self.options.get("prefix", ""))
        group = nodes.tgroup(cols=len(COLUMNS))
        group += [nodes.colspec(colwidth=width) for width in COLUMNS.values()]
        group += nodes.thead("", table_row(nodes.Text(title) for title in COLUMNS))
        group += nodes.tbody("", *(table_row(cells(row)) for row in rows))
        return [nodes.table("", group)]


def config_class(argument: str) -> type:
    """The configuration class that *argument* names."""
    if ":" in argument:
        found: type = resolve_name(argument)
        return found
    kind, name = argument.split()
    chosen = resolve(kind, name).config_class()
    if chosen is None:
        raise ValueError(f"{kind} {name} has no options")
    return chosen


def cells(row: OptionRow) -> tuple[nodes.Node, ...]:
    """The four cells of one option."""
    meaning = f"{row.help} ({row.limits})" if row.limits else row.help
    return literal(row.path), literal(row.type_name), literal(default_text(row)), nodes.Text(meaning)


def literal(text: str) -> nodes.literal:
    """*text* as code."""
    return nodes.literal("", text)


def table_row(contents: Iterable[nodes.Node]) -> nodes.row:
    """A row of a table, one paragraph in each cell."""
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", content)) for content in contents))


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx."""
    app.add_directive("option-table", OptionTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""The report as Markdown: the tables, without pictures."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from pathlib import Path

from mlkernel.errors import UsageError
from mlkernel.records.atomic_file import storage_errors, write_text
from mlkernel.study.report.digest import Table, digest
from mlkernel.study.statistics.importance import parameter_importance
from mlkernel.study.statistics.study_results import StudyResults

MEANINGFUL = re.compile(r"([\\`*_\[\]#|~])")


def write_markdown(results: StudyResults, path: Path) -> None:
    """Write the report to *path*.

    :raises StorageError: the file cannot be written.
    """
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, render_markdown(results))


def render_markdown(results: StudyResults) -> str:
    """The report as text; importance is left out where it cannot be computed."""
    summary = digest(results)
    lines = [f"# {escaped(summary.name)}", ""]
    lines += [f"- {escaped(name)}: {escaped(value)}" for name, value in summary.facts.items()]
    for table in (*summary.tables, *importance_tables(results)):
        lines += ["", f"## {escaped(table.title)}", "", *_rows(table)]
    return "\n".join(lines) + "\n"


def importance_tables(results: StudyResults) -> list[Table]:
    """A table for each objective; none where optuna is not installed or the trials are too few."""
    tables = []
    for place, objective in enumerate(results.objectives):
        try:
            shares = parameter_importance(results, place)
        except UsageError:
            return []
        if shares:
            rows = [[name, f"{share:.3f}"] for name, share in shares.items()]
            title = f"Importance for {objective.metric}"
            tables.append(Table(title=title, columns=["parameter", "share"], rows=rows))
    return tables


def escaped(text: str) -> str:
    """*text* as Markdown shows it: nothing in it is markup, and it stays on one line."""
    plain = html.escape(" ".join(text.split()), quote=False)
    return MEANINGFUL.sub(r"\\\1", plain)


def _rows(table: Table) -> list[str]:
    def row(cells: Sequence[str]) -> str:
        return f"| {' | '.join(map(escaped, cells))} |"

    return [row(table.columns), f"|{' --- |' * len(table.columns)}", *map(row, table.rows)]

"""``kernel study report``: a study for people."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mlkernel.cli.study_arguments import add_study_arguments, opened_study
from mlkernel.errors import UsageError

if TYPE_CHECKING:
    from mlkernel.study.statistics.study_results import StudyResults

SUFFIXES = {"html": ".html", "markdown": ".md", "pdf": ".pdf"}


def add_report_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``kernel study report`` takes."""
    add_study_arguments(parser)
    parser.add_argument("--format", choices=list(SUFFIXES), help="html unless the output's ending says other")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="(default: report/STUDY.html in the study's folder)"
    )


def run_report(arguments: argparse.Namespace) -> int:
    """Write the report and print its path."""
    from mlkernel.study.statistics.study_results import read_results

    form = arguments.format or _form(arguments.output)
    if arguments.output is not None and arguments.output.exists():
        raise UsageError(f"{arguments.output} exists already", hint="Choose another name, or move it away.")
    with opened_study(arguments) as (directory, store):
        results = read_results(store, directory.name)
    path: Path = arguments.output or directory.report / f"{directory.name}{SUFFIXES[form]}"
    _writer(form)(results, path)
    print(path)
    return 0


def _writer(form: str) -> Callable[[StudyResults, Path], None]:
    if form == "markdown":
        from mlkernel.study.report.markdown_report import write_markdown

        return write_markdown
    if form == "pdf":
        from mlkernel.study.report.pdf_report import write_pdf

        return write_pdf
    from mlkernel.study.report.html_report import write_html

    return write_html


def _form(output: Path | None) -> str:
    if output is None:
        return "html"
    for form, suffix in SUFFIXES.items():
        if output.suffix.lower() == suffix:
            return form
    raise UsageError(
        f"{output} does not say which form of report is wanted",
        hint=f"End it with {', '.join(SUFFIXES.values())}, or give --format.",
    )

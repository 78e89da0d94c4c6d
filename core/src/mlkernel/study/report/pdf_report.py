"""The report as PDF: tables, and the pictures that paper can show."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from mlkernel.errors import UsageError
from mlkernel.records.atomic_file import storage_errors
from mlkernel.study.report.digest import Table, digest
from mlkernel.study.report.gallery import draw_all
from mlkernel.study.report.picture import Picture
from mlkernel.study.statistics.study_results import StudyResults

if TYPE_CHECKING:
    from fpdf import FPDF

FONT = "DejaVu"
INK, SOFT = (31, 41, 51), (97, 110, 124)
MOST_COLUMNS = 9
LONGEST_CELL = 60


def write_pdf(results: StudyResults, path: Path) -> None:
    """Write the report to *path*.

    :raises UsageError: fpdf2 or matplotlib is not installed.
    :raises StorageError: the file cannot be written.
    """
    try:
        page = _blank_page()
    except ImportError as error:
        raise UsageError(
            f"the PDF report needs {error.name}, which is not installed",
            hint="pip install 'mlkernel[pdf]', or write Markdown with --format markdown",
        ) from None
    summary = digest(results)
    _write_heading(page, summary.name, size=18)
    for name, value in summary.facts.items():
        _write_line(page, f"{name}: {value}")
    for table in summary.tables:
        _write_table(page, table)
    for picture in draw_all(results):
        _write_picture(page, picture)
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(page.output()))


def _blank_page() -> FPDF:
    import matplotlib as mpl
    from fpdf import FPDF

    # The font comes with matplotlib; PDF's own ones know no Greek, Cyrillic or mathematical letters.
    fonts = Path(mpl.get_data_path()) / "fonts" / "ttf"
    page = FPDF(format="A4")
    page.set_margin(16)
    page.set_auto_page_break(auto=True, margin=16)
    page.add_font(FONT, "", fonts / "DejaVuSans.ttf")
    page.add_font(FONT, "B", fonts / "DejaVuSans-Bold.ttf")
    page.add_page()
    return page


def _write_heading(page: FPDF, text: str, size: int = 12) -> None:
    page.ln(3)
    page.set_font(FONT, "B", size)
    page.set_text_color(*INK)
    page.multi_cell(0, size * 0.55, text, new_x="LMARGIN", new_y="NEXT", align="L")
    page.ln(1)


def _write_line(page: FPDF, text: str) -> None:
    page.set_font(FONT, "", 9)
    page.set_text_color(*SOFT)
    page.multi_cell(0, 4.6, text, new_x="LMARGIN", new_y="NEXT", align="L")


def _write_table(page: FPDF, table: Table) -> None:
    left_out = len(table.columns) - MOST_COLUMNS
    _write_heading(page, table.title)
    if left_out > 0:
        _write_line(page, f"The last {left_out} columns are left out; the HTML report has them.")
    page.set_font(FONT, "", 7)
    page.set_text_color(*INK)
    widths = _widths([table.columns, *table.rows])
    with page.table(
        line_height=4.2, text_align="LEFT", borders_layout="HORIZONTAL_LINES", col_widths=widths
    ) as drawn:
        for cells in (table.columns, *table.rows):
            row = drawn.row()
            for cell in cells[:MOST_COLUMNS]:
                row.cell(cell[:LONGEST_CELL])


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """Widths of the columns by their longest texts."""
    columns = zip(*(cells[:MOST_COLUMNS] for cells in rows), strict=True)
    return [max(4, *(min(len(cell), LONGEST_CELL) for cell in column)) for column in columns]


def _write_picture(page: FPDF, picture: Picture) -> None:
    from mlkernel.study.report.printed_picture import print_picture

    drawn = print_picture(picture)
    if drawn is None:
        return
    height = page.epw * max(1.6, picture.height / 120) / 7.0
    if page.will_page_break(height + 22):
        page.add_page()
    _write_heading(page, picture.title)
    _write_line(page, picture.caption)
    page.image(BytesIO(drawn), w=page.epw)

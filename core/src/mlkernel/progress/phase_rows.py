"""The picture of a run's progress: a row for each phase, its metrics beneath, one overall row.

Rows are laid out by hand, as rich's segments, rather than as a rich table, which cost eight times the processor time
at every refresh.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen
from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.style import Style

from mlkernel.progress.quantities import format_duration, format_rate, format_value
from mlkernel.progress.run_progress import PhaseProgress, RunProgress

MARGIN = 4
"""Free columns on the right: where the terminal echoes ``^C``, which must not break the last line in two."""
LONGEST_NAME = 24
SHORTEST_BAR = 10
LONGEST_BAR = 60
METRIC_LINES = 2
"""Lines of metrics beneath one phase; what does not fit is in the metrics file."""

BOLD = Style(bold=True)
ITALIC = Style(italic=True)
QUIET = Style(color="bright_black")
OVERALL = Style(color="magenta")
GOOD = Style(color="green")
PHASES = {"waiting": QUIET, "running": Style(color="cyan"), "done": GOOD}
OUTCOMES = {
    "finished": ("✓", Style(bold=True, color="green")),
    "stopped": ("■", Style(bold=True, color="yellow")),
    "failed": ("✗", Style(bold=True, color="red")),
}

Line = list[Segment]


@frozen
class Row:
    """What one line says, before it is known how wide the columns are."""

    name: str
    fraction: float | None
    count: str
    rate: str
    time: str
    style: Style


class PhaseRows:
    """Draws a :class:`RunProgress` as wide as the terminal is at that moment."""

    def __init__(self, progress: RunProgress) -> None:
        self.progress = progress
        self.drawn_widths: list[int] = []
        """Cells of each line as last drawn."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield one unwrapped line of text after the other, no more than the terminal is high."""
        width, height = options.max_width - MARGIN, options.size.height - 1
        for least in range(3):
            lines = list(self._lines(width, options.ascii_only, least))
            if len(lines) <= height:
                break
        self.drawn_widths = [min(width, Segment.get_line_length(line)) for line in lines]
        for line in lines:
            yield from Segment.adjust_line_length(line, width, pad=False)
            yield Segment.line()

    def _lines(self, width: int, ascii_only: bool, least: int) -> Iterator[Line]:
        """All lines; *least* 1 leaves out the metrics of phases that do not run, 2 those phases too."""
        phases = [phase for phase in self.progress.phases if least < 2 or phase.state == "running"]
        rows = [self._phase_row(phase) for phase in phases]
        overall = [self._overall_row()] if self.progress.has_overall else []
        columns = Columns.fitting([*rows, *overall], width, ascii_only)
        yield self._title(ascii_only)
        for phase, row in zip(phases, rows, strict=True):
            yield columns.line(row)
            if least == 0 or phase.state == "running":
                yield from metric_lines(phase, columns.name + 2, width, ascii_only)
        for row in overall:
            yield columns.line(row)

    def _title(self, ascii_only: bool) -> Line:
        title = [Segment(self.progress.title, BOLD)]
        outcome = self.progress.outcome
        if outcome is not None:
            mark, style = OUTCOMES.get(outcome, ("■", BOLD))
            title.append(Segment(f"  {outcome}" if ascii_only else f"  {mark} {outcome}", style))
            title.append(Segment(f" after {format_duration(self.progress.elapsed())}", QUIET))
        return title

    def _phase_row(self, phase: PhaseProgress) -> Row:
        now = self.progress.clock()
        count = f"{phase.completed}/{'?' if phase.total is None else phase.total}"
        rate = phase.pace.rate if phase.state != "waiting" else None
        time = f"in {format_duration(phase.elapsed(now))}" if phase.state == "done" else ""
        if phase.state == "running" and self.progress.outcome is None:
            remaining = phase.remaining(now)
            time = f"eta {'-:--:--' if remaining is None else format_duration(remaining)}"
        return Row(
            name=phase.label,
            fraction=phase.fraction,
            count=count,
            rate="" if rate is None else format_rate(rate),
            time=time,
            style=PHASES[phase.state],
        )

    def _overall_row(self) -> Row:
        remaining = self.progress.overall_remaining() if self.progress.outcome is None else None
        return Row(
            name="overall",
            fraction=self.progress.overall_fraction,
            count="",
            rate=format_duration(self.progress.elapsed()),
            time="" if remaining is None else f"eta {format_duration(remaining)}",
            style=GOOD if self.progress.outcome == "finished" else OVERALL,
        )


@frozen
class Columns:
    """Widths of the columns; a width of 0 leaves a column out."""

    name: int
    bar: int
    count: int
    percent: int
    rate: int
    time: int
    ascii_only: bool

    @classmethod
    def fitting(cls, rows: list[Row], width: int, ascii_only: bool) -> Columns:
        """Give the bar what the figures leave; on a narrow terminal give up rate, then count, then time."""
        name = min(LONGEST_NAME, max((cell_len(row.name) for row in rows), default=0))
        # Minimum widths keep the columns where they are while figures grow and shrink.
        figures = {
            "count": max((len(row.count) for row in rows), default=0),
            "percent": 4,
            "rate": max([9, *(len(row.rate) for row in rows)]),
            "time": max([11, *(len(row.time) for row in rows)]),
        }
        for column in ("rate", "count", "time", "percent"):
            if cls._bar(name, figures, width) >= SHORTEST_BAR:
                break
            figures[column] = 0
        bar = max(0, min(LONGEST_BAR, cls._bar(name, figures, width)))
        return cls(name=name, bar=bar, ascii_only=ascii_only, **figures)

    @staticmethod
    def _bar(name: int, figures: dict[str, int], width: int) -> int:
        return width - name - 2 - sum(size + 2 for size in figures.values() if size)

    def line(self, row: Row) -> Line:
        """One row."""
        percent = "" if row.fraction is None else f"{int(100 * row.fraction)}%"
        return [
            Segment(set_cell_size(row.name, self.name) + "  ", row.style if row.style is QUIET else None),
            *self._bar_segments(row),
            Segment(_figure(row.count, self.count), row.style if row.style is QUIET else None),
            Segment(_figure(percent, self.percent), row.style),
            Segment((_figure(row.rate, self.rate) + _figure(row.time, self.time)).rstrip(), QUIET),
        ]

    def _bar_segments(self, row: Row) -> Line:
        """Half cells give the bar twice the resolution of the terminal."""
        full, half = divmod(int(2 * self.bar * (row.fraction or 0.0)), 2)
        if self.ascii_only:
            return [Segment("#" * full, row.style), Segment("." * (self.bar - full), QUIET)]
        return [Segment("━" * full + "╸" * half, row.style), Segment("─" * (self.bar - full - half), QUIET)]


def _figure(text: str, width: int) -> str:
    return f"  {text:>{width}}" if width else ""


def metric_lines(phase: PhaseProgress, indent: int, width: int, ascii_only: bool) -> Iterator[Line]:
    """What the phase says of itself and its newest metrics, broken between metrics, never inside one."""
    separator = " | " if ascii_only else " · "
    items: list[tuple[str, str]] = [(phase.text, "")] if phase.text else []
    items += [(f"{name} ", format_value(value)) for name, value in phase.metrics.items()]
    line, used, lines = [Segment(" " * indent)], indent, 1
    for name, value in items:
        needed = cell_len(name) + len(value)
        is_first = len(line) == 1
        if not is_first and used + len(separator) + needed > width:
            yield line
            if lines == METRIC_LINES:
                return
            line, used, lines, is_first = [Segment(" " * indent)], indent, lines + 1, True
        line.append(Segment(name if is_first else separator + name, QUIET if value else ITALIC))
        line.append(Segment(value))
        used += needed + (0 if is_first else len(separator))
    if items:
        yield line

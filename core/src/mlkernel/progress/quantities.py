"""Numbers as people read them: durations, rates, metrics."""

from __future__ import annotations

import math


def format_duration(seconds: float) -> str:
    """``0:01:05``; from one day on ``2d 03:04:05``."""
    minutes, second = divmod(max(0, int(seconds)), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return f"{days}d {hour:02}:{minute:02}:{second:02}" if days else f"{hour}:{minute:02}:{second:02}"


def format_rate(per_second: float) -> str:
    """Iterations per second, or seconds per iteration when they are slower than one a second."""
    if per_second >= 1:
        return f"{format_magnitude(per_second)} it/s"
    seconds = 1 / per_second
    return f"{format_magnitude(seconds)} s/it" if seconds < 3600 else f"{format_duration(seconds)}/it"


def format_magnitude(number: float) -> str:
    """Three significant digits of a positive number, with ``k``, ``M`` or ``G`` from a thousand on."""
    for suffix in ("", "k", "M"):
        if number < 999.5:
            decimals = 2 if number < 9.995 else 1 if number < 99.95 else 0
            return f"{number:.{decimals}f}{suffix}"
        number /= 1000
    return f"{number:.0f}G"


def format_value(value: object) -> str:
    """A metric in at most four significant digits; whole numbers as they are."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or (math.isfinite(value) and value.is_integer() and abs(value) < 1e6):
        return f"{int(value)}"
    return f"{value:.4g}"

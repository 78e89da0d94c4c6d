"""The rate at which something advances, over a sliding window of time."""

from __future__ import annotations

from collections import deque

WINDOW = 30.0
"""Seconds over which the rate is averaged: long enough to be steady, short enough to follow a change of pace."""


class Pace:
    """Rate and time left, from pairs of time and count."""

    def __init__(self, time: float, count: float) -> None:
        """Begin at *time* (seconds) with *count* already done, so that earlier work does not look like speed."""
        self._samples = deque([(time, count)])

    def sample(self, time: float, count: float) -> None:
        """Note that *count* was reached at *time*."""
        self._samples.append((time, count))
        while len(self._samples) > 2 and self._samples[1][0] < time - WINDOW:
            self._samples.popleft()

    @property
    def rate(self) -> float | None:
        """Counts per second; ``None`` before the first advance."""
        (begin, first), (end, last) = self._samples[0], self._samples[-1]
        return (last - first) / (end - begin) if last > first and end > begin else None

    def remaining(self, total: float, time: float) -> float | None:
        """Seconds from *time* until *total* is reached; counts down between two samples. ``None`` when unknown."""
        rate = self.rate
        if rate is None:
            return None
        last_time, count = self._samples[-1]
        return max(0.0, (total - count) / rate - (time - last_time))

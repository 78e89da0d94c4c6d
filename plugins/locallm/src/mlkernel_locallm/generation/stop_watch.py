"""Stop strings."""

from __future__ import annotations

from collections.abc import Sequence

from mlkernel_locallm.model.byte_chat import BEGIN


class StopWatch:
    """Reads along one text, and notices the first stop string."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stop.encode() for stop in stops if stop)
        self._text = bytearray()
        self.hit = False
        """Whether the text contains a stop string."""
        self.kept = 0
        """Bytes before the stop string."""

    def is_hit_by(self, token: int) -> bool:
        """Take the next token; return whether it completes a stop string."""
        if self.hit or token >= BEGIN:
            return False
        self._text.append(token)
        found = [len(stop) for stop in self._stops if self._text.endswith(stop)]
        if found:
            # The string that begins first ends the text, although all of them end here.
            self.hit, self.kept = True, len(self._text) - max(found)
        return self.hit

"""Follows a run, or the runs of a study, until they have ended and a tracker has heard everything."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from attrs import define, frozen

from mlkernel.errors import KernelError

LOOK_SECONDS = 0.5
"""Between two looks at what was logged: as often as runs hand their metrics to the operating system."""
_LONGEST_PAUSE = 60.0


class Work(Protocol):
    """What is followed."""

    def step(self) -> bool:
        """Send all that is new; true when there is nothing to come.

        :raises Exception: a tracker's; to be called again.
        """

    def may_end(self) -> bool:
        """Whether nobody trains any more, however much was sent."""

    def close(self) -> None:
        """Let go of trackers."""


@frozen(kw_only=True)
class Patience:
    """How a follower bears with a tracker that fails."""

    after_the_end: float
    """Seconds for which it is tried again when nobody trains any more; while somebody does, it is for ever."""
    first_pause: float = 1.0
    """Seconds before the second try; each pause is twice the one before, up to a minute."""


@define
class Follower:
    """Looks, sends, and tries again what fails.

    :param say: tells people.
    """

    work: Work
    patience: Patience
    say: Callable[[str], None]

    def follow(self) -> bool:
        """Whether everything was delivered; false when it gave up."""
        pause, ended, told = self.patience.first_pause, None, ""
        try:
            while True:
                try:
                    if self.work.step():
                        return True
                    pause, told = self.patience.first_pause, ""
                    time.sleep(LOOK_SECONDS)
                except Exception as error:  # noqa: BLE001 - the run goes on, whatever a tracker raises
                    told = self._tell(error, told)
                    now = time.monotonic()
                    ended = (ended or now) if self.work.may_end() else None  # it may be trained on meanwhile
                    if ended is not None and now - ended + pause > self.patience.after_the_end:
                        return False
                    time.sleep(pause)
                    pause = min(2 * pause, _LONGEST_PAUSE)
        finally:
            self._close()

    def _tell(self, error: Exception, told: str) -> str:
        """Say it once for as long as it stays the same."""
        text = str(error) if isinstance(error, KernelError) else f"{type(error).__name__}: {error}"
        if text != told:
            self.say(text)
        return text

    def _close(self) -> None:
        try:
            self.work.close()
        except Exception as error:  # noqa: BLE001 - everything was delivered before
            self._tell(error, "")

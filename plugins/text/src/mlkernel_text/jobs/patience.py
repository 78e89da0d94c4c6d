"""Waiting that a request to stop cuts short."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from mlkernel_text.backends.errors import ProviderError
from mlkernel_text.jobs.fine_tune_config import FineTuneConfig

SLICE = 0.25
"""Seconds within which a request to stop is noticed."""
_LONGEST_BACKOFF = 60.0


class Patience:
    """How long to wait before the next look or the next try, for one job."""

    def __init__(self, options: FineTuneConfig, is_stopping: Callable[[], bool]) -> None:
        self._options = options
        self._is_stopping = is_stopping
        self._looks = 0
        self.errors = 0
        """Errors since the last call that went well."""

    def calm(self) -> None:
        """A call went well."""
        self.errors = 0

    def hurry(self) -> None:
        """Something changed, so that the next change may be near."""
        self._looks = 0

    async def before_next_look(self) -> None:
        """Wait, a little longer each time."""
        seconds = self._options.poll_seconds * 1.5 ** min(self._looks, 100)
        self._looks += 1
        await self.sleep(min(seconds, self._options.max_poll_seconds))

    async def after(self, error: ProviderError) -> None:
        """Wait as long as the provider asks, and otherwise twice as long after each error."""
        backoff = min(self._options.backoff * 2.0 ** min(self.errors, 20), _LONGEST_BACKOFF)
        self.errors += 1
        await self.sleep(backoff if error.retry_after is None else error.retry_after)

    async def until(self, moment: float) -> None:
        """Wait until the Unix time *moment*."""
        await self.sleep(moment - time.time())

    async def sleep(self, seconds: float) -> None:
        """Wait for *seconds*, or until the run is asked to stop."""
        end = time.monotonic() + seconds
        # A signal handler sets a plain attribute, so that there is no event to wait for.
        while not self._is_stopping() and (rest := end - time.monotonic()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(min(rest, SLICE))

"""How fast a provider is asked."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from types import TracebackType
from typing import Any, Self

from mlkernel_text.answers.limits_config import LimitsConfig


class AnswersClosed(Exception):  # noqa: N818 - not an error: nothing more is to be asked
    """Nothing is asked any more."""


class Slot:
    """The right to have one request in flight: ``async with limiter.slot(tokens) as slot: ...``."""

    def __init__(self, limiter: Limiter, tokens: int) -> None:
        self._limiter = limiter
        self._tokens = tokens
        self.era = 0
        """How often the provider had complained when the request was sent."""

    async def __aenter__(self) -> Self:
        """Wait for the right.

        :raises AnswersClosed: the limiter was closed in the meantime.
        """
        await self._limiter.enter(self._tokens)
        self.era = self._limiter.era
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the next one go."""
        self._limiter.leave()

    def succeeded(self, tokens: int) -> None:
        """Tell that the provider answered, and how many tokens it took."""
        self._limiter.note_success(tokens - self._tokens)

    def throttled(self, retry_after: float | None) -> None:
        """Tell that the provider wants to be asked more slowly, and from when on."""
        self._limiter.note_throttle(self.era, retry_after)


class Limiter:
    """Keeps requests within a number in flight, a rate of requests and a rate of tokens, and adapts to complaints.

    Requests are sent in the order in which they came, evenly spaced. When the provider complains (429), nobody is sent
    before the time that it named, or else before a backoff that doubles with each complaint; the number in flight is
    halved, and grows again by one for each round of successes. Complaints about requests that were on their way
    together count as one.
    """

    def __init__(self, options: LimitsConfig, logger: Any = None) -> None:
        self.in_flight = 0
        """Requests in flight, or waiting for their time to be sent."""
        self.era = 0
        """How often the provider has complained."""
        self._options = options
        self._logger = logger
        self._allowed = float(options.concurrency)
        self._complaints_in_a_row = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._next_request = self._next_tokens = self._hold_until = 0.0
        self._request_seconds = 60 / options.requests_per_minute if options.requests_per_minute else 0.0
        self._token_seconds = 60 / options.tokens_per_minute if options.tokens_per_minute else 0.0
        self._is_closed = False

    def slot(self, tokens: int) -> Slot:
        """The right to send one request.

        :param tokens: the most that it may take, prompt and answers.
        """
        return Slot(self, tokens)

    async def enter(self, tokens: int) -> None:
        """Wait until a request may be sent."""
        await self._wait_for_place()
        try:
            await self._wait_for_time(tokens)
        except BaseException:
            self.leave()
            raise

    async def _wait_for_place(self) -> None:
        if self._is_closed:
            raise AnswersClosed
        if self.in_flight < int(self._allowed) and not self._waiting:
            self.in_flight += 1
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled() and place.exception() is None:
                self.leave()  # the place was given in the moment in which its owner was cancelled
            raise

    async def _wait_for_time(self, tokens: int) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        # Each request takes its place in the time-table when it comes, so that those who sleep keep their order.
        moment = max(now, self._next_request, self._next_tokens)
        self._next_request = moment + self._request_seconds
        self._next_tokens = moment + tokens * self._token_seconds
        while True:
            if self._is_closed:
                raise AnswersClosed
            wait = max(moment, self._hold_until) - loop.time()
            if wait <= 0:
                return
            await asyncio.sleep(wait)

    def leave(self) -> None:
        """A request has ended: hand its place on."""
        self.in_flight -= 1
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self.in_flight < int(self._allowed):
            place = self._waiting.popleft()
            if not place.done():
                self.in_flight += 1
                place.set_result(None)

    def note_success(self, surplus: int) -> None:
        """The provider answered.

        :param surplus: tokens taken, less those that were expected.
        """
        self._complaints_in_a_row = 0
        self._next_tokens += surplus * self._token_seconds
        if self._allowed < self._options.concurrency:
            self._allowed = min(self._options.concurrency, self._allowed + 1 / self._allowed)
            self._admit()

    def note_throttle(self, era: int, retry_after: float | None) -> None:
        """The provider complained about a request that was sent in *era*."""
        now = asyncio.get_running_loop().time()
        if era == self.era:
            self.era += 1
            self._allowed = max(1.0, self._allowed / 2)
            wait = backoff(self._options, self._complaints_in_a_row) if retry_after is None else retry_after
            self._complaints_in_a_row += 1
            self._hold_until = max(self._hold_until, now + wait)
            if self._logger is not None:
                self._logger.warning(
                    "provider_throttles", seconds=round(wait, 3), in_flight=int(self._allowed)
                )
        elif retry_after is not None:
            self._hold_until = max(self._hold_until, now + retry_after)

    def close(self) -> None:
        """Send nothing any more: those who wait get :class:`AnswersClosed`."""
        self._is_closed = True
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_exception(AnswersClosed())


def backoff(options: LimitsConfig, failures: int) -> float:
    """Seconds to wait after *failures* further failures; drawn at random, so that those who failed together part."""
    longest = min(options.max_backoff, options.backoff * 2.0 ** min(failures, 60))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - no result depends on it

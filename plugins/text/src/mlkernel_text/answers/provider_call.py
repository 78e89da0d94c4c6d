"""One request to a provider, until it is answered."""

from __future__ import annotations

import asyncio

from mlkernel_text.answers.limiter import Limiter, backoff
from mlkernel_text.answers.limits_config import LimitsConfig
from mlkernel_text.answers.trouble_log import TroubleLog
from mlkernel_text.backends.backend import SampleRequest, SampleResult, TextBackend
from mlkernel_text.backends.errors import ProviderError


class ProviderCall:
    """Tries a request until it is answered or its tries are used up; every try has the same idempotency key.

    :param tokens: the most that the request may take.
    """

    def __init__(
        self,
        backend: TextBackend,
        limiter: Limiter,
        options: LimitsConfig,
        request: SampleRequest,
        tokens: int,
    ) -> None:
        self._backend = backend
        self._limiter = limiter
        self._options = options
        self._request = request
        self._tokens = tokens
        self.maybe_paid = False
        """Whether the provider may have done what it was asked, in this or an earlier try."""
        self.is_in_flight = False
        """Whether an answer is awaited, or there and not worked on yet."""

    async def result(self, troubles: TroubleLog) -> SampleResult:
        """The provider's answer.

        :param troubles: told of tries that fail, and of success.
        :raises ProviderError: no further try can help, or all are used up.
        :raises AnswersClosed: nothing is to be sent any more.
        """
        failures = complaints = 0
        while True:
            try:
                result = await self._try()
            except ProviderError as error:
                if error.kind == "rate_limit":
                    complaints += 1
                    if complaints > self._options.max_rate_limit_retries:
                        raise
                    continue  # the limiter holds everybody back for as long as it takes
                failures += 1
                if not error.is_retryable or failures > self._options.max_retries:
                    raise
                wait = max(backoff(self._options, failures - 1), error.retry_after or 0.0)
                troubles.tried_again(error, wait)
            else:
                troubles.answered()
                return result
            await asyncio.sleep(wait)

    async def _try(self) -> SampleResult:
        try:
            result = await self._send()
            await asyncio.sleep(0)  # those who waited for the place send before this answer is worked on
            return result
        finally:
            self.is_in_flight = False

    async def _send(self) -> SampleResult:
        async with self._limiter.slot(self._tokens) as slot:
            paid_before, self.maybe_paid = self.maybe_paid, True
            self.is_in_flight = True
            try:
                async with asyncio.timeout(self._options.timeout):
                    result = await self._backend.sample(self._request)
            except TimeoutError:
                seconds = self._options.timeout
                raise ProviderError(f"no answer within {seconds:g} seconds", kind="timeout") from None
            except ProviderError as error:
                self.maybe_paid = paid_before or error.is_ambiguous
                if error.kind == "rate_limit":
                    slot.throttled(error.retry_after)
                raise
            usage = result.usage
            slot.succeeded(self._tokens if usage is None else usage.prompt_tokens + usage.completion_tokens)
            return result

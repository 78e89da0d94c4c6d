"""Asks a provider: cache, budget, limits and retries, the same for all back ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from attrs import evolve

from mlkernel import UsageError
from mlkernel_text.answers.answer_store import AnswerStore, KeptAnswer, request_digest
from mlkernel_text.answers.budget import Budget, BudgetReached, Reservation
from mlkernel_text.answers.limiter import Limiter
from mlkernel_text.answers.limits_config import LimitsConfig
from mlkernel_text.answers.provider_call import ProviderCall
from mlkernel_text.answers.trouble_log import TroubleLog
from mlkernel_text.backends.backend import Estimate, Sample, SampleRequest, SampleResult, TextBackend, Usage
from mlkernel_text.backends.errors import ProviderError, ProviderErrorKind
from mlkernel_text.scenario.stable_random import stable_hash

FATAL: frozenset[ProviderErrorKind] = frozenset({"auth", "quota", "daily_limit", "not_found", "unsupported"})
"""Failures that every other request would meet as well; they are raised."""


class AnswerService:
    """Answers requests, many at once, from one event loop.

    :param store: keeps answers of metered back ends; ``None`` to keep none.
    :param budget: what may be spent.
    :param options: limits of the provider.
    :param logger: a structlog logger.
    """

    def __init__(
        self,
        backend: TextBackend,
        *,
        store: AnswerStore | None,
        budget: Budget,
        options: LimitsConfig,
        logger: Any = None,
    ) -> None:
        self.backend = backend
        self.budget = budget
        self._store = store if backend.capabilities.metered else None
        self._options = options
        self._troubles = TroubleLog(logger)
        self._limiter = Limiter(options, logger)
        self._calls: set[ProviderCall] = set()
        self._settled = asyncio.Event()

    async def answer(self, request: SampleRequest) -> SampleResult:
        """Give the ``request.n`` answers: those that were kept, and new ones for the rest.

        What concerns one answer is its outcome; a request whose tries are used up has answers with the outcome
        ``"error"``, which are not kept.

        :raises BudgetReached: it might cost more than is left.
        :raises ProviderError: the key, the quota or the model is refused, so that no request can succeed.
        :raises AnswersClosed: the service was drained.
        """
        digest = b"" if self._store is None else request_digest(self.backend.name, request)
        found = {} if self._store is None else self._store.find(digest, request.n)
        missing = [number for number in range(request.n) if number not in found]
        pieces = list(self._pieces(request, missing))
        if len(pieces) == 1:
            found.update(await self._fetch(digest, *pieces[0]))
        elif pieces:
            # Whatever one of them meets, the others are paid for: they are awaited and kept.
            results = await asyncio.gather(
                *(self._fetch(digest, *piece) for piece in pieces), return_exceptions=True
            )
            for result in results:
                if isinstance(result, BaseException):
                    raise result
                found.update(result)
        answers = [found[number] for number in range(request.n)]
        return SampleResult(
            samples=tuple(answer.sample for answer in answers), usage=_sum(answer.usage for answer in answers)
        )

    def _pieces(
        self, request: SampleRequest, missing: Sequence[int]
    ) -> Iterable[tuple[SampleRequest, Sequence[int]]]:
        """Requests for the *missing* answers, each with the numbers of those that it brings."""
        if missing and len(missing) == request.n and (request.n == 1 or self.backend.capabilities.n):
            return [(request, missing)]
        groups = [missing] if missing and self.backend.capabilities.n else [[number] for number in missing]
        return [
            (
                evolve(
                    request,
                    key="/".join([request.key, *map(str, numbers)]),
                    n=len(numbers),
                    seed=None if request.seed is None else stable_hash(request.seed, *numbers),
                ),
                numbers,
            )
            for numbers in groups
        ]

    async def _fetch(
        self, digest: bytes, request: SampleRequest, numbers: Sequence[int]
    ) -> dict[int, KeptAnswer]:
        estimate = self._estimate(request)
        reservation = await self._reserve(estimate)
        call = ProviderCall(self.backend, self._limiter, self._options, request, estimate.tokens)
        # Unless it is known better: an answer that was lost on its way may have been paid for.
        spent = estimate
        try:
            self._calls.add(call)
            result = await call.result(self._troubles)
            usage = result.usage or Usage(prompt_tokens=estimate.tokens, cost=estimate.cost)
            answers = dict(zip(numbers, _shares(result.samples, usage), strict=True))
            self._save(digest, answers)  # before it is settled: what is settled and lost would be paid twice
            if result.usage is not None:
                spent = self.budget.prices.of_usage(request.model, usage)
        except ProviderError as error:
            if error.kind in FATAL:
                raise
            answers = dict.fromkeys(numbers, _failure(error))
            self._troubles.given_up(error)
        finally:
            self._calls.remove(call)
            self._close(reservation, spent if call.maybe_paid else None)
        return answers

    def _save(self, digest: bytes, answers: Mapping[int, KeptAnswer]) -> None:
        if self._store is not None:
            kept = {number: answer for number, answer in answers.items() if answer.sample.outcome != "error"}
            self._store.save(digest, kept)

    def _estimate(self, request: SampleRequest) -> Estimate:
        estimate = self.budget.prices.of_request(request, self.backend.estimate(request))
        is_priced = estimate.cost > 0 or self.budget.prices.find(request.model) is not None
        if self.budget.max_cost is not None and self.backend.capabilities.metered and not is_priced:
            raise UsageError(
                f"budget.max_cost is {self.budget.max_cost}, and what {request.model!r} costs is not known",
                hint="Give its prices in budget.prices, three numbers per million tokens, or set budget.max_tokens.",
            )
        return estimate

    async def _reserve(self, estimate: Estimate) -> Reservation:
        while True:
            try:
                return self.budget.reserve(estimate)
            except BudgetReached:
                # Requests in flight rarely take as much as is set aside for them: what they leave may be enough.
                if not self._calls:
                    raise
                self._settled.clear()
                await self._settled.wait()

    def _close(self, reservation: Reservation, spent: Estimate | None) -> None:
        if spent is None:
            reservation.release()
        else:
            reservation.settle(spent)
        self._settled.set()

    async def drain(self, seconds: float) -> None:
        """Send nothing any more, and wait for answers that are on their way and paid for.

        :param seconds: how long to wait at most.
        """
        self._limiter.close()
        if self.backend.capabilities.metered:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    while any(call.is_in_flight for call in self._calls):
                        self._settled.clear()
                        await self._settled.wait()


def _failure(error: ProviderError) -> KeptAnswer:
    return KeptAnswer(Sample(outcome="error", problem=f"{error.kind}: {error.message}"), Usage())


def _shares(samples: Sequence[Sample], usage: Usage) -> list[KeptAnswer]:
    """Each sample with its part of *usage*, which the provider told for all of them together."""
    count = len(samples)
    prompt, completion = _parts(usage.prompt_tokens, count), _parts(usage.completion_tokens, count)
    return [
        KeptAnswer(
            _storable(sample),
            Usage(
                prompt_tokens=prompt[number], completion_tokens=completion[number], cost=usage.cost / count
            ),
        )
        for number, sample in enumerate(samples)
    ]


def _parts(total: int, count: int) -> list[int]:
    return [total // count + (number < total % count) for number in range(count)]


def _storable(sample: Sample) -> Sample:
    """The sample without lone surrogates, which JSON can bring and no file can hold."""
    if sample.text.isascii():
        return sample
    text = sample.text.encode("utf-8", "replace").decode()
    return sample if text == sample.text else evolve(sample, text=text)


def _sum(usages: Iterable[Usage]) -> Usage:
    prompt = completion = 0
    cost = 0.0
    for usage in usages:
        prompt += usage.prompt_tokens
        completion += usage.completion_tokens
        cost += usage.cost
    return Usage(prompt_tokens=prompt, completion_tokens=completion, cost=cost)

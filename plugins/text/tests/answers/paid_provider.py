"""A provider for tests, which takes time, fails as it is told, and counts what it is paid for."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence

from attrs import define, field

from mlkernel_text.backends.backend import Capabilities, Estimate, Sample, SampleRequest, SampleResult, Usage
from mlkernel_text.backends.errors import ProviderError
from mlkernel_text.scenario.stable_random import stable_random

Answer = Callable[[SampleRequest, random.Random], Sample]
Failure = Callable[[SampleRequest, random.Random], ProviderError | None]

WORDS = ("odd", "even", "yes", "no", "more", "even yes", "")


def chance_answer(request: SampleRequest, chance: random.Random) -> Sample:
    """Words of the guessing game; every third or so breaks its rules for whoever speaks."""
    return Sample(outcome="ok", text=f"{chance.choice(WORDS)} {chance.randrange(1000)}".strip())


def never(request: SampleRequest, chance: random.Random) -> ProviderError | None:
    return None


@define(eq=False)
class PaidProvider:
    """Answers depend on the request alone; latencies and failures are drawn by *timing*."""

    timing: int = 0
    latency: Callable[[random.Random], float] = lambda chance: chance.uniform(0.0, 0.2)
    answer: Answer = chance_answer
    fails_before: Failure = never
    """Raised instead of answering."""
    fails_after: Failure = never
    """Raised when the answer was made, and paid for."""
    capabilities: Capabilities = field(factory=lambda: Capabilities(seed=True, n=True, metered=True))
    name: str = "paid"
    tokens_each: int = 10
    requests: list[SampleRequest] = field(factory=list)
    sent_at: list[float] = field(factory=list)
    bought: Counter[str] = field(factory=Counter)
    """Key → how often its answers were made and charged for; a key that comes again is not charged again."""
    in_flight: int = 0
    most_in_flight: int = 0
    _timing: random.Random = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._timing = random.Random(self.timing)

    async def sample(self, request: SampleRequest) -> SampleResult:
        self.requests.append(request)
        self.sent_at.append(asyncio.get_running_loop().time())
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(self.latency(self._timing))
            if error := self.fails_before(request, self._timing):
                raise error
            self.bought[request.key] += request.key not in self.bought
            if error := self.fails_after(request, self._timing):
                raise error
            return SampleResult(samples=tuple(self._samples(request)), usage=self.usage(request))
        finally:
            self.in_flight -= 1

    def _samples(self, request: SampleRequest) -> Sequence[Sample]:
        content = "\n".join(message["content"] for message in request.chat)
        return [
            self.answer(request, stable_random(request.model, content, request.seed or 0, number))
            for number in range(request.n)
        ]

    def usage(self, request: SampleRequest) -> Usage:
        return Usage(
            prompt_tokens=self.tokens_each, completion_tokens=self.tokens_each * request.n, cost=0.01
        )

    def estimate(self, what: SampleRequest) -> Estimate:
        return Estimate(tokens=self.tokens_each + what.n * what.max_tokens, cost=0.02)

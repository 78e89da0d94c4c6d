"""What models cost."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from mlkernel_text.backends.backend import Estimate, SampleRequest, Usage

MILLION = 1_000_000


class Prices:
    """Prices per million tokens of prompts, answers and training, by model.

    :param prices: model, or a pattern with ``*`` and ``?`` → the three prices; the first that fits counts.
    """

    def __init__(self, prices: Mapping[str, tuple[float, float, float]]) -> None:
        self._prices = dict(prices)
        self._found: dict[str, tuple[float, float, float] | None] = {}

    def find(self, model: str) -> tuple[float, float, float] | None:
        """The three prices of *model*, or ``None``."""
        if model not in self._found:
            fitting = (
                price for name, price in self._prices.items() if name == model or fnmatchcase(model, name)
            )
            self._found[model] = next(fitting, None)
        return self._found[model]

    def may_find(self, beginning: str) -> bool:
        """Whether there may be prices of a model of which only the *beginning* of its name is known."""
        return self.find(f"{beginning}:") is not None or any(
            name.startswith(beginning) for name in self._prices
        )

    def of_request(self, request: SampleRequest, estimate: Estimate) -> Estimate:
        """The most that *request* may cost.

        :param estimate: the back end's own; its cost counts where no price is known.
        """
        price = self.find(request.model)
        if price is None:
            return estimate
        completion = min(estimate.tokens, request.n * request.max_tokens)
        cost = (estimate.tokens - completion) * price[0] + completion * price[1]
        return Estimate(tokens=estimate.tokens, cost=cost / MILLION)

    def of_usage(self, model: str, usage: Usage) -> Estimate:
        """What a request has cost.

        :param usage: as the provider reported it; its cost counts where no price is known.
        """
        price, tokens = self.find(model), usage.prompt_tokens + usage.completion_tokens
        if price is None:
            return Estimate(tokens=tokens, cost=usage.cost)
        cost = usage.prompt_tokens * price[0] + usage.completion_tokens * price[1]
        return Estimate(tokens=tokens, cost=cost / MILLION)

    def of_training(self, model: str, tokens: int, cost: float = 0.0) -> Estimate:
        """What training *model* on *tokens* costs.

        :param cost: as the back end says it; it counts where no price is known.
        """
        price = self.find(model)
        return Estimate(tokens=tokens, cost=cost if price is None else tokens * price[2] / MILLION)

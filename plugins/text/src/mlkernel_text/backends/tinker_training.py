"""A training job that this process runs, one optimiser step at a time, on a service that computes each step."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any

from mlkernel import FineTuneRequest
from mlkernel_text.backends.errors import ProviderError
from mlkernel_text.backends.openai_errors import malformed
from mlkernel_text.backends.tinker_client import TinkerClient
from mlkernel_text.backends.tinker_config import TinkerConfig
from mlkernel_text.backends.tinker_rows import TokenRow

DEFAULT_BETA = 0.1


class TinkerTraining:
    """Makes a model, steps through the examples, and saves it.

    :param examples: one text each, or two for ``dpo``; in the order of the training file.
    :param state: saved state to go on from, or ``None`` to start from the base model.
    """

    def __init__(
        self,
        client: TinkerClient,
        config: TinkerConfig,
        request: FineTuneRequest,
        examples: Sequence[Sequence[TokenRow]],
        state: str | None,
    ) -> None:
        self._client = client
        self._config = config
        self._request = request
        self._examples = examples
        self._state = state
        self._model = ""
        self._calls = 0
        self._references: list[list[float]] = []
        self._has_gradients = False
        self.step = 0
        self._batches = self._order()
        self.trained_tokens = 0

    @property
    def steps(self) -> int:
        """Optimiser steps in all."""
        return len(self._batches)

    @property
    def is_done(self) -> bool:
        """Whether all steps are made."""
        return self.step >= self.steps

    async def begin(self) -> None:
        """Make the model, and where the loss compares with it, score the examples before anything is learnt."""
        body: dict[str, Any] = {
            "session_id": await self._client.session(),
            "model_seq_id": 0,
            "base_model": self._config.model,
            "lora_config": {"rank": self._config.lora_rank, "seed": self._request.seed},
            "user_metadata": {"mlkernel_key": self._request.key},
        }
        answer = await self._client.result("create_model", body, "make a model to train")
        self._model = str(answer.get("model_id"))
        if self._state is not None:
            await self._result(
                "load_weights", {"path": self._state, "optimizer": False}, "load a saved model"
            )
        if self._request.method == "dpo":
            for example in self._examples:
                self._references.append(await self._scores(example))

    async def advance(self) -> None:
        """Make one optimiser step, or what is left of one that was held up."""
        batch = self._batches[self.step]
        if not self._has_gradients:  # the service would add them to those that it has
            data, loss, settings = await self._data(batch)
            given = {"data": data, "loss_fn": loss, **({"loss_fn_config": settings} if settings else {})}
            await self._result("forward_backward", {"forward_backward_input": given}, "compute gradients")
            self._has_gradients = True
        rate = self._request.options.get("learning_rate") or self._config.learning_rate
        await self._result("optim_step", {"adam_params": {"learning_rate": rate}}, "make an optimiser step")
        self._has_gradients = False
        self.trained_tokens += sum(row.count for number in batch for row in self._examples[number])
        self.step += 1

    async def save(self, name: str) -> tuple[str, str]:
        """Save what was trained: the name to sample from, and the state from which training can go on."""
        state = await self._result("save_weights", {"path": f"{name}-state"}, "save the model")
        sampler = await self._result(
            "save_weights_for_sampler", {"path": name}, "save the model for sampling"
        )
        for answer in (state, sampler):
            if not isinstance(answer.get("path"), str):
                raise malformed("save the model", "the answer names no path")
        return sampler["path"], state["path"]

    async def _data(self, batch: Sequence[int]) -> tuple[list[dict[str, Any]], str, dict[str, float]]:
        """The batch, the service's loss for it, and the loss's settings."""
        method, options = self._request.method, self._request.options
        if method == "dpo":
            return await self._preferences(batch), "cross_entropy", {}
        rows = [self._examples[number][0] for number in batch]
        if method == "sft":
            return [row.datum(["weights"]) for row in rows], "cross_entropy", {}
        data = [row.datum(["logprobs", "advantages"]) for row in rows]
        clip = options.get("clip")
        if clip is None:
            return data, "importance_sampling", {}
        return data, "ppo", {"clip_low_threshold": 1.0 - clip, "clip_high_threshold": 1.0 + clip}

    async def _preferences(self, batch: Sequence[int]) -> list[dict[str, Any]]:
        """DPO's gradient as weights of a cross entropy: both are linear in the tokens' log-probabilities.

        Rafailov et al. 2023, equation 7: the loss is -log sigmoid(beta * margin), where the margin compares both
        answers' log-probabilities with those before training. To it the mean negative log-likelihood of the preferred
        answer is added, ``nll_coefficient`` times (Pang et al. 2024, equation 1).
        """
        beta = self._request.options.get("beta") or DEFAULT_BETA
        share = self._request.options.get("nll_coefficient") or 0.0
        data = []
        for number in batch:
            example, before = self._examples[number], self._references[number]
            good, bad = await self._scores(example)
            margin = beta * ((good - before[0]) - (bad - before[1]))
            force = beta / (1.0 + math.exp(min(margin, 700.0)))
            length = sum(weight > 0 for weight in example[0].weights) or 1
            for row, weight in zip(example, (force + share / length, -force), strict=True):
                weights = [weight / len(batch) if counts else 0.0 for counts in row.weights]
                data.append(row.datum(["weights"], weights))
        return data

    async def _scores(self, example: Sequence[TokenRow]) -> list[float]:
        """Log-probability of each text's answer under the model as it is now."""
        given = {"data": [row.datum(["weights"]) for row in example], "loss_fn": "cross_entropy"}
        doing = "score examples"
        answer = await self._result("forward", {"forward_input": given}, doing)
        try:
            outputs = [output["logprobs"]["data"] for output in answer["loss_fn_outputs"]]
            return [
                sum(logprob for logprob, weight in zip(found, row.weights, strict=True) if weight > 0)
                for found, row in zip(outputs, example, strict=True)
            ]
        except (KeyError, TypeError, ValueError):
            raise malformed(doing, "the answer has not one log-probability for each target") from None

    async def _result(self, path: str, body: dict[str, Any], doing: str) -> dict[str, Any]:
        """Calls are numbered, since the service does them in order; one that it turned away leaves no gap."""
        numbered = {**body, "model_id": self._model, "seq_id": self._calls + 1}
        result = await self._client.result(path, numbered, doing)
        self._calls += 1
        return result

    def _order(self) -> list[list[int]]:
        options = self._request.options
        size = options.get("batch_size") or self._config.batch_size
        draw = random.Random(self._request.seed)  # noqa: S311 - an order, no secret
        batches = []
        for _ in range(options.get("epochs") or self._config.epochs):
            numbers = list(range(len(self._examples)))
            draw.shuffle(numbers)
            batches += [numbers[start : start + size] for start in range(0, len(numbers), size)]
        return batches


def check_method(method: str, options: Any) -> None:
    """Refuse what this interface's losses cannot express.

    :raises ProviderError: always ``unsupported``.
    """
    if method not in {"sft", "dpo", "grpo"}:
        raise ProviderError(
            f"a step-wise service has no job by {method!r}",
            kind="unsupported",
            hint="It can: dpo, grpo, sft. Rewards of one's own are trained by the trainer grpo.",
        )
    if options.get("kl_coefficient"):
        raise ProviderError(
            "the service's policy-gradient losses have no KL term",
            kind="unsupported",
            hint="Set fine_tune.kl_coefficient to none, and fine_tune.clip instead.",
        )

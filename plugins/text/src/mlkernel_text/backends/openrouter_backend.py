"""OpenRouter: one interface to the models of many providers, for sampling."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from mlkernel import FineTuneJob, FineTuneRequest
from mlkernel_text.backends.backend import Capabilities, Sample, SampleRequest, SampleResult, Usage
from mlkernel_text.backends.backend_context import BackendContext
from mlkernel_text.backends.errors import ProviderError
from mlkernel_text.backends.openai_backend import OpenAIBackend
from mlkernel_text.backends.openai_config import OpenAIConfig
from mlkernel_text.backends.openai_errors import kind_of_status, malformed, provider_errors, without_keys
from mlkernel_text.backends.openrouter_config import OpenRouterConfig


class OpenRouterBackend(OpenAIBackend):
    """OpenAI's interface without tuning, with OpenRouter's headers, routing, costs and ways to fail.

    An upstream provider's failure may come with status 200 and an ``error`` in the body; moderation comes as 403.
    """

    name = "openrouter"
    capabilities = Capabilities(seed=True)

    def __init__(self, config: OpenRouterConfig, context: BackendContext) -> None:
        told = {"HTTP-Referer": config.referer, "X-Title": config.title}
        routing = {"provider": config.routing} if config.routing else {}
        super().__init__(
            OpenAIConfig(
                model=config.model,
                base_url=config.base_url,
                api_key_env=config.api_key_env,
                headers={name: value for name, value in told.items() if value is not None},
                extra_body={"usage": {"include": True}, **routing, **config.extra_body},
                timeout=config.timeout,
                token_limit="max_tokens",  # noqa: S106 - the name of a field
                n=False,
                seed=config.seed,
                logprobs=config.logprobs,
                prices=config.prices,
                probe=config.probe,
                methods=(),
                find_by="none",
            ),
            context,
        )

    async def sample(self, request: SampleRequest) -> SampleResult:
        """Answer a chat; a prompt that moderation refused is an outcome."""
        try:
            return await super().sample(request)
        except ProviderError as error:
            if error.kind == "auth" and "moderation" in error.message.lower():
                problem = Sample(outcome="filtered", problem=error.message)
                return SampleResult(samples=(problem,) * request.n, usage=Usage())
            raise

    def read(self, completion: Any, request: SampleRequest, doing: str) -> SampleResult:
        """As everywhere, with the error that may stand in place of answers, and the cost that OpenRouter tells."""
        failure = getattr(completion, "error", None)
        if isinstance(failure, dict):
            code = failure.get("code")
            kind = kind_of_status(code) if isinstance(code, int) else "server"
            raise ProviderError(f"cannot {doing}: {without_keys(str(failure.get('message')))}", kind=kind)
        result = super().read(completion, request, doing)
        cost = getattr(completion.usage, "cost", None)
        if result.usage is None or not isinstance(cost, int | float):
            return result
        return evolve(result, usage=evolve(result.usage, cost=float(cost)))

    async def ensure_servable(self, model: str) -> str:
        """Look for *model*, without a variant such as ``:free``, in the list of all models."""
        if self._config.probe:
            doing = f"look for the model {model}"
            with provider_errors(doing):
                answer = await self._client().models.list()
            if not isinstance(getattr(answer, "data", None), list):
                raise malformed(doing, "the answer is no list")
            names = {known.id for known in answer.data}
            if not {model, model.partition(":")[0]} & names:
                raise ProviderError(f"OpenRouter lists no model {model}", kind="not_found")
        return model

    async def upload(self, request: FineTuneRequest) -> str:
        """There is nothing to tune.

        :raises ProviderError: always.
        """
        raise cannot_tune(request.method)

    async def submit(self, request: FineTuneRequest, uploaded: str | None = None) -> FineTuneJob:
        """There is nothing to tune.

        :raises ProviderError: always.
        """
        raise cannot_tune(request.method)


def cannot_tune(method: str) -> ProviderError:
    """The refusal, with the names of those who can."""
    return ProviderError(
        f"OpenRouter only samples and cannot train by {method!r}",
        kind="unsupported",
        hint="Tune with the back end locallm, openai, azure or tinker, or choose the trainer prompt-evolution,"
        " which trains prompts.",
    )

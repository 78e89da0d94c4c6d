"""A training service of single steps: forward-backward, optimiser step, save, sample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve

from mlkernel import FineTuneJob, FineTuneRequest
from mlkernel_text.answers.prices import Prices
from mlkernel_text.backends.backend import Capabilities, Estimate, Sample, SampleRequest, SampleResult, Usage
from mlkernel_text.backends.backend_context import BackendContext
from mlkernel_text.backends.chat_tokenizer import ChatTokenizer
from mlkernel_text.backends.errors import ProviderError
from mlkernel_text.backends.openai_errors import malformed
from mlkernel_text.backends.openai_jobs import short_hash
from mlkernel_text.backends.tinker_client import TinkerClient
from mlkernel_text.backends.tinker_config import TinkerConfig
from mlkernel_text.backends.tinker_jobs import TinkerJobs
from mlkernel_text.backends.tinker_rows import token_rows
from mlkernel_text.backends.tinker_training import TinkerTraining, check_method
from mlkernel_text.backends.upper_bounds import bound_of_request, bound_of_training
from mlkernel_text.scenario.curriculum import Curriculum


class TinkerBackend:
    """Makes jobs out of a service that has none.

    A job is a file of the run, and each look at it makes one optimiser step. The service does not say whether a step
    was made whose answer got lost, and a process that died knows it no better: then the job begins again, with a new
    model at the service, and comes to the same result.
    """

    name = "tinker"
    capabilities = Capabilities(
        methods=frozenset({"sft", "dpo", "grpo"}),
        continue_tuned=True,
        row_weight="float",
        learning_rate="absolute",
        seed=True,
        n=True,
        logprobs=True,
        cancel=True,
    )

    def __init__(self, config: TinkerConfig, context: BackendContext) -> None:
        self._config = config
        self._client = TinkerClient(config, context.run_id)
        self._tokenizer = ChatTokenizer(config.tokenizer or config.model)
        self._jobs = TinkerJobs(context.directory)
        self._prices = Prices(config.prices)
        self._live: dict[str, TinkerTraining] = {}

    async def prepare(self, curriculum: Curriculum | None) -> str:
        """The base model needs no preparation."""
        del curriculum
        return self._config.model

    async def sample(self, request: SampleRequest) -> SampleResult:
        """Answer a chat; the chat template is applied here."""
        prompt = self._tokenizer.prompt(request.chat)
        params = {
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "top_p": request.top_p,
            **({"stop": list(request.stop)} if request.stop else {}),
            **({} if request.seed is None else {"seed": request.seed}),
        }
        body = {
            "prompt": {"chunks": [{"type": "encoded_text", "tokens": prompt}]},
            "num_samples": request.n,
            "sampling_params": params,
            **self._where(request.model),
            **request.extra,
        }
        doing = f"sample from {request.model}"
        answer = await self._client.result("asample", body, doing)
        return self._read(answer, request, len(prompt), doing)

    def _where(self, model: str) -> dict[str, str]:
        is_tuned = "://" in model
        return {"model_path": model} if is_tuned else {"base_model": model}

    def _read(
        self, answer: Mapping[str, Any], request: SampleRequest, prompt: int, doing: str
    ) -> SampleResult:
        sequences = answer.get("sequences")
        if not isinstance(sequences, list) or len(sequences) != request.n:
            raise malformed(doing, f"the answer has not {request.n} sequences")
        try:
            samples = tuple(self._sample(sequence, with_logprobs=request.logprobs) for sequence in sequences)
            count = sum(len(sequence["tokens"]) for sequence in sequences)
        except (KeyError, TypeError, AttributeError):
            raise malformed(doing, "a sequence has no tokens") from None
        usage = Usage(prompt_tokens=prompt, completion_tokens=count)
        return SampleResult(
            samples=samples, usage=evolve(usage, cost=self._prices.of_usage(request.model, usage).cost)
        )

    def _sample(self, sequence: Mapping[str, Any], *, with_logprobs: bool) -> Sample:
        tokens, logprobs = tuple(sequence["tokens"]), sequence.get("logprobs")
        is_cut = sequence.get("stop_reason") == "length"
        return Sample(
            outcome="length" if is_cut else "ok",
            text=self._tokenizer.text(tokens),
            tokens=tokens if with_logprobs else None,
            logprobs=tuple(logprobs) if with_logprobs and logprobs is not None else None,
            problem="cut at its token limit" if is_cut else None,
        )

    def estimate(self, what: SampleRequest | FineTuneRequest) -> Estimate:
        """Bounds by the number of bytes."""
        if isinstance(what, SampleRequest):
            return self._prices.of_request(what, bound_of_request(what))
        return self._prices.of_training(what.model, bound_of_training(what, self._config.epochs))

    async def upload(self, request: FineTuneRequest) -> str:
        """Nothing is uploaded: each step brings its rows."""
        return request.sha256 or short_hash(request.key)

    async def submit(self, request: FineTuneRequest, uploaded: str | None = None) -> FineTuneJob:
        """Write the job down; the first look begins it."""
        check_method(request.method, request.options)
        job = FineTuneJob(
            key=request.key,
            provider=self.name,
            identifier=f"tinker-{short_hash(request.key)}",
            state="pending",
            uploaded=uploaded,
        )
        self._jobs.save(job, request)
        return job

    async def find(self, key: str) -> FineTuneJob | None:
        """The job that was written down under *key*."""
        return self._jobs.find(key)

    async def poll(self, job: FineTuneJob) -> FineTuneJob:
        """Make the next step of the job, and tell how far it is."""
        known = self._jobs.find(job.key)
        if known is None:
            raise ProviderError(f"nothing is known of the job {job.key}", kind="not_found")
        if known.state in {"succeeded", "cancelled"}:
            return known
        try:
            return await self._advance(known)
        except ProviderError as error:
            if error.is_ambiguous:
                self._live.pop(job.key, None)
            raise

    async def _advance(self, job: FineTuneJob) -> FineTuneJob:
        request = self._jobs.request(job.key)
        training = self._live.get(job.key)
        if training is None:
            examples = token_rows(request, self._tokenizer)
            training = TinkerTraining(
                self._client, self._config, request, examples, self._jobs.state_of(request.model)
            )
            await training.begin()
            self._live[job.key] = training
        elif not training.is_done:
            await training.advance()
        if not training.is_done:
            return evolve(job, state="running", message=f"step {training.step} of {training.steps}")
        model, state = await training.save(job.identifier)
        done = evolve(
            job, state="succeeded", message=None, model=model, trained_tokens=training.trained_tokens
        )
        self._jobs.save(done, request, state)
        del self._live[job.key]
        return done

    async def events(self, job: FineTuneJob, after: str | None = None) -> list[Mapping[str, Any]]:
        """The service tells none."""
        return []

    async def checkpoints(self, job: FineTuneJob) -> list[Mapping[str, Any]]:
        """None are made."""
        return []

    async def cancel(self, job: FineTuneJob) -> FineTuneJob:
        """Make no further step."""
        known = self._jobs.find(job.key) or job
        if known.state == "succeeded":
            return known
        self._live.pop(job.key, None)
        cancelled = evolve(known, state="cancelled")
        self._jobs.save(cancelled, self._jobs.request(job.key))
        return cancelled

    async def ensure_servable(self, model: str) -> str:
        """What was saved for sampling answers."""
        return model

    async def release(self, model: str) -> None:
        """Saved models stay at the service."""

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.aclose()

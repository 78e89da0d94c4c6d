"""The embedded back end: a small model in this process, which answers and is tuned without a key or a network."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch

from mlkernel import FineTuneJob, FineTuneRequest, UsageError
from mlkernel_locallm.backend.answer_queue import AnswerQueue
from mlkernel_locallm.backend.job_record import JobRecord
from mlkernel_locallm.backend.locallm_config import LocalLmConfig
from mlkernel_locallm.backend.model_folder import ModelFolder
from mlkernel_locallm.backend.tuning_jobs import TuningJobs
from mlkernel_locallm.generation.prompt import Generation, Prompt
from mlkernel_locallm.model.byte_chat import encode_prompt
from mlkernel_locallm.model.weights import write_atomically
from mlkernel_locallm.pretraining.base_models import base_model
from mlkernel_text.backends.backend import (
    Capabilities,
    Estimate,
    Sample,
    SampleOutcome,
    SampleRequest,
    SampleResult,
    Usage,
)
from mlkernel_text.backends.backend_context import BackendContext
from mlkernel_text.backends.errors import ProviderError
from mlkernel_text.scenario.curriculum import Curriculum

_LOG = logging.getLogger("mlkernel_locallm")


class LocalLmBackend:
    """Implements :class:`mlkernel_text.backends.backend.TextBackend`; everything it keeps lies in the run's folder."""

    name = "locallm"
    capabilities = Capabilities(
        methods=frozenset({"sft", "dpo", "rft", "grpo"}),
        continue_tuned=True,
        row_weight="float",
        min_rows=1,
        learning_rate="absolute",
        seed=True,
        n=True,
        logprobs=True,
        metered=False,
        cancel=True,
        checkpoints=True,
    )

    def __init__(self, config: LocalLmConfig, context: BackendContext) -> None:
        self._config, self._files = config, context.directory / "files"
        _check_device(config.device)
        self._models = ModelFolder(context.directory / "models", config.device)
        self._sampling = self._threads(1, "sampling")
        self._tuning = self._threads(config.tuning_workers, "tuning")
        self._queue = AnswerQueue(self._answer, self._sampling)
        self._jobs = TuningJobs(
            context.directory / "jobs",
            self._files,
            self._models,
            self._tuning,
            device=config.device,
            step_checkpoints=config.step_checkpoints,
        )

    def _threads(self, workers: int, name: str) -> ThreadPoolExecutor:
        # torch counts its threads anew in each thread, so that nothing outside changes results in here.
        return ThreadPoolExecutor(
            workers, f"locallm-{name}", initializer=torch.set_num_threads, initargs=(self._config.threads,)
        )

    async def prepare(self, curriculum: Curriculum | None) -> str:
        """See the protocol. A model that is neither shipped nor cached is made now, which takes some minutes."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._tuning, self._prepare, curriculum)

    def _prepare(self, curriculum: Curriculum | None) -> str:
        if self._config.model is not None:
            path = Path(self._config.model)
            name = f"file-{hashlib.sha256(_content(path)).hexdigest()[:12]}"
        else:
            cache = None if self._config.cache is None else Path(self._config.cache)
            base = base_model(curriculum, cache=cache, announce=_LOG.warning)
            name, path = base.name, base.path
        self._models.add(name, path)
        return name

    async def sample(self, request: SampleRequest) -> SampleResult:
        """See the protocol."""
        try:
            tokens = encode_prompt(request.chat)
        except ValueError as error:
            raise ProviderError(f"the chat cannot be encoded: {error}", kind="bad_request") from error
        if len(tokens) >= self._models.sampler(request.model).context:
            return _overlong(request, len(tokens))
        answers = await self._queue.ask(request.model, _prompts(request, tokens))
        usage = Usage(
            prompt_tokens=len(tokens), completion_tokens=sum(len(answer.tokens) for answer in answers)
        )
        return SampleResult(samples=tuple(_sample(answer) for answer in answers), usage=usage)

    def _answer(self, model: str, prompts: Sequence[Prompt]) -> list[Generation]:
        return self._models.sampler(model).generate(prompts)

    def estimate(self, what: SampleRequest | FineTuneRequest) -> Estimate:
        """Tokens; they cost nothing."""
        if isinstance(what, SampleRequest):
            read = sum(len(message["content"].encode()) + 2 for message in what.chat) + 2
            return Estimate(tokens=read + what.n * what.max_tokens)
        return Estimate(tokens=what.training_file.stat().st_size * int(what.options.get("epochs") or 3))

    async def upload(self, request: FineTuneRequest) -> str:
        """Copy the training file, under the name of its content."""
        content = request.training_file.read_bytes()
        name = f"{hashlib.sha256(content).hexdigest()}.jsonl"
        if not (self._files / name).exists():
            write_atomically(self._files / name, content)
        return name

    async def submit(self, request: FineTuneRequest, uploaded: str | None = None) -> FineTuneJob:
        """See the protocol."""
        record = JobRecord(
            key=request.key,
            start=request.model,
            method=request.method,
            options={"seed": request.seed, **request.options},
            training_file=uploaded or await self.upload(request),
        )
        try:
            return self._jobs.submit(record).as_job(self.name)
        except UsageError as error:
            raise ProviderError(error.message, kind="bad_request", hint=error.hint) from error

    async def find(self, key: str) -> FineTuneJob | None:
        """See the protocol."""
        record = self._jobs.find(key)
        return None if record is None else record.as_job(self.name)

    async def poll(self, job: FineTuneJob) -> FineTuneJob:
        """See the protocol."""
        return _known(await self.find(job.key), job)

    async def events(self, job: FineTuneJob, after: str | None = None) -> list[Mapping[str, Any]]:
        """See the protocol."""
        told = self._jobs.events(job.identifier)
        identifiers = [event["id"] for event in told]
        return list(told[identifiers.index(after) + 1 :] if after in identifiers else told)

    async def checkpoints(self, job: FineTuneJob) -> list[Mapping[str, Any]]:
        """See the protocol."""
        return list(self._jobs.checkpoints(job.key))

    async def cancel(self, job: FineTuneJob) -> FineTuneJob:
        """See the protocol."""
        record = self._jobs.cancel(job.key)
        return _known(None if record is None else record.as_job(self.name), job)

    async def ensure_servable(self, model: str) -> str:
        """Load the model."""
        self._models.sampler(model)
        return model

    async def release(self, model: str) -> None:
        """Delete a tuned model."""
        self._models.delete(model)

    async def aclose(self) -> None:
        """End what runs after its present step."""
        self._jobs.close()
        for executor in (self._sampling, self._tuning):
            executor.shutdown(wait=True, cancel_futures=True)


def _prompts(request: SampleRequest, tokens: tuple[int, ...]) -> list[Prompt]:
    seed = secrets.randbits(63) if request.seed is None else request.seed
    return [
        Prompt(
            tokens=tokens,
            seed=seed,
            stream=index,
            temperature=request.temperature,
            top_p=request.top_p,
            max_tokens=request.max_tokens,
            stop=request.stop,
            logprobs=request.logprobs,
        )
        for index in range(request.n)
    ]


def _sample(answer: Generation) -> Sample:
    outcome: SampleOutcome = "ok" if answer.finish == "stop" else "length"
    if answer.logprobs is None:
        return Sample(outcome=outcome, text=answer.text)
    return Sample(outcome=outcome, text=answer.text, tokens=answer.tokens, logprobs=answer.logprobs)


def _overlong(request: SampleRequest, tokens: int) -> SampleResult:
    problem = f"the chat has {tokens} tokens, which is more than the model's context holds"
    sample = Sample(outcome="overlong", problem=problem)
    return SampleResult(samples=(sample,) * request.n, usage=Usage())


def _known(found: FineTuneJob | None, job: FineTuneJob) -> FineTuneJob:
    if found is None:
        raise ProviderError(f"there is no job with the key {job.key!r}", kind="not_found")
    return found


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"the model {path} cannot be read: {error.strerror}", hint="see option model"
        ) from error


def _check_device(device: str) -> None:
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise UsageError(
            f"device {device!r}: torch finds no CUDA device on this machine", hint="use device=cpu"
        )

"""What back ends in this process have in common: batched answers, and jobs kept in the run's folder."""

from __future__ import annotations

import hashlib
import secrets
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch

from mlkernel import FineTuneJob, FineTuneRequest, UsageError
from mlkernel_locallm.backend.answer_queue import AnswerQueue
from mlkernel_locallm.backend.job_record import JobRecord
from mlkernel_locallm.backend.tuning_jobs import TuningJobs
from mlkernel_locallm.backend.workshop import Workshop, hyperparameters
from mlkernel_locallm.generation.prompt import Generation, Prompt
from mlkernel_locallm.model.weights import write_atomically
from mlkernel_text.backends.backend import (
    Estimate,
    Sample,
    SampleOutcome,
    SampleRequest,
    SampleResult,
    Usage,
)
from mlkernel_text.backends.errors import ProviderError
from mlkernel_text.backends.upper_bounds import bound_of_request, bound_of_training
from mlkernel_text.chat import Chat


class EmbeddedBackend:
    """Implements :class:`mlkernel_text.backends.backend.TextBackend` but for the models themselves.

    :param directory: the run's folder for this back end.
    :param sampling: the thread that answers.
    :param tuning: the threads that carry out jobs.
    """

    name: str

    def __init__(
        self,
        directory: Path,
        workshop: Workshop,
        *,
        sampling: ThreadPoolExecutor,
        tuning: ThreadPoolExecutor,
        step_checkpoints: int,
    ) -> None:
        self._files = directory / "files"
        self._sampling, self._tuning = sampling, tuning
        self._queue = AnswerQueue(self._answer, sampling)
        self._jobs = TuningJobs(
            directory / "jobs", self._files, workshop, tuning, step_checkpoints=step_checkpoints
        )

    @abstractmethod
    def _encode(self, chat: Chat) -> tuple[int, ...]:
        """The tokens of a chat that is to be answered.

        :raises ValueError: for a chat that cannot be encoded.
        """

    @abstractmethod
    def _context(self, model: str) -> int:
        """Most tokens of a chat and its answer.

        :raises ProviderError: when there is no such model.
        """

    @abstractmethod
    def _answer(self, model: str, prompts: Sequence[Prompt]) -> list[Generation]:
        """Answer, in the sampling thread."""

    async def sample(self, request: SampleRequest) -> SampleResult:
        """See the protocol."""
        try:
            tokens = self._encode(request.chat)
        except ValueError as error:
            raise ProviderError(f"the chat cannot be encoded: {error}", kind="bad_request") from error
        if len(tokens) >= self._context(request.model):
            return _overlong(request, len(tokens))
        answers = await self._queue.ask(request.model, _prompts(request, tokens))
        usage = Usage(
            prompt_tokens=len(tokens), completion_tokens=sum(len(answer.tokens) for answer in answers)
        )
        return SampleResult(samples=tuple(_sample(answer) for answer in answers), usage=usage)

    def estimate(self, what: SampleRequest | FineTuneRequest) -> Estimate:
        """Tokens; they cost nothing.

        :raises UsageError: for options of a job that cannot be used.
        """
        if isinstance(what, SampleRequest):
            return bound_of_request(what)
        options = hyperparameters(_record(what, ""))
        tokens = bound_of_training(what, options.epochs)
        if what.method == "rft":
            tokens = (tokens + options.epochs * what.rows * options.max_tokens) * options.answers
        return Estimate(tokens=tokens)

    async def upload(self, request: FineTuneRequest) -> str:
        """Copy the training file, under the name of its content."""
        content = request.training_file.read_bytes()
        name = f"{hashlib.sha256(content).hexdigest()}.jsonl"
        if not (self._files / name).exists():
            write_atomically(self._files / name, content)
        return name

    async def submit(self, request: FineTuneRequest, uploaded: str | None = None) -> FineTuneJob:
        """See the protocol."""
        record = _record(request, uploaded or await self.upload(request))
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

    async def aclose(self) -> None:
        """End what runs after its present step."""
        self._jobs.close()
        for executor in (self._sampling, self._tuning):
            executor.shutdown(wait=True, cancel_futures=True)


def _record(request: FineTuneRequest, training_file: str) -> JobRecord:
    """What is kept of a job; options that only this back end knows stand among the others."""
    options = {"seed": request.seed, **request.options}
    own = options.pop("provider_options", {})
    return JobRecord(
        key=request.key,
        start=request.model,
        method=request.method,
        options={**options, **own},
        training_file=training_file,
    )


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


def worker_threads(workers: int, name: str, cpu_threads: int) -> ThreadPoolExecutor:
    """Threads in which torch computes with *cpu_threads*: it counts anew in each thread, and nobody else changes it."""
    return ThreadPoolExecutor(workers, name, initializer=torch.set_num_threads, initargs=(cpu_threads,))


def check_device(device: str) -> None:
    """Refuse a CUDA device where there is none.

    :raises UsageError: then.
    """
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise UsageError(
            f"device {device!r}: torch finds no CUDA device on this machine", hint="use device=cpu"
        )

"""OpenAI's interface, at OpenAI or at anyone who speaks it, by the official client."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openai
import structlog
from attrs import evolve
from openai.types import FileObject
from openai.types.fine_tuning import FineTuningJob

from mlkernel import ConfigError, FineTuneJob, FineTuneRequest
from mlkernel_text.answers.prices import Prices
from mlkernel_text.backends.backend import (
    Capabilities,
    Estimate,
    SampleRequest,
    SampleResult,
)
from mlkernel_text.backends.backend_context import BackendContext
from mlkernel_text.backends.errors import ProviderError
from mlkernel_text.backends.openai_chat import chat_arguments, refused_request, result_of
from mlkernel_text.backends.openai_client import OpenAIClient
from mlkernel_text.backends.openai_config import OpenAIConfig
from mlkernel_text.backends.openai_errors import (
    malformed,
    provider_errors,
)
from mlkernel_text.backends.openai_jobs import (
    KEY_FIELD,
    STATES,
    file_prefix_of,
    has_key,
    job_arguments,
    job_of,
    short_hash,
)
from mlkernel_text.backends.openai_pages import listed
from mlkernel_text.backends.upper_bounds import bound_of_request, bound_of_training
from mlkernel_text.scenario.curriculum import Curriculum

PAGE = 100
"""Jobs or files asked for at once."""


def capabilities_of(config: OpenAIConfig) -> Capabilities:
    """What the configuration says that the provider can do."""
    metered = config.in_process is None if config.metered is None else config.metered
    return Capabilities(
        methods=frozenset(config.methods),
        continue_tuned=bool(config.methods),
        row_weight=config.row_weight,
        min_rows=config.min_rows,
        learning_rate=config.learning_rate,
        seed=config.seed,
        n=config.n,
        logprobs=config.logprobs,
        metered=metered,
        cancel=bool(config.methods),
        checkpoints=bool(config.methods),
        tuned_names=config.tuned_names,
        validates_rft=True,
    )


class OpenAIBackend:
    """Answers and fine-tune jobs over OpenAI's interface.

    A job carries its key in its metadata (or in its suffix, or in its file's name), so that it is found again after an
    answer that got lost; the header ``Idempotency-Key`` says the same to servers that know it.
    """

    name = "openai"
    capabilities = capabilities_of(OpenAIConfig())
    """Those of OpenAI itself; an object's are those that its configuration tells."""

    def __init__(self, config: OpenAIConfig, context: BackendContext) -> None:
        self._config = config
        if config.model is None and config.in_process is None:
            raise ConfigError(
                "the back end openai needs to know the model",
                hint=f"Set its option model: {context.option}.model=NAME.",
            )
        self._client = OpenAIClient(config, context)
        self._prices = Prices(config.prices)
        self._logger = context.logger or structlog.get_logger()
        self._unknown_states: set[str] = set()
        self.capabilities = capabilities_of(config)

    async def prepare(self, curriculum: Curriculum | None) -> str:
        """Look whether the model exists; a provider that fails to tell is not waited for here."""
        del curriculum
        model = self._config.model or await self._first_model()
        try:
            await self.ensure_servable(model)
        except ProviderError as error:
            if error.kind == "not_found":
                raise ConfigError(
                    f"the provider has no model {model!r}: {error.message}",
                    hint="Change model, or set probe=false for a provider that does not list its models.",
                ) from None
            if not error.is_retryable:
                raise
        return model

    async def _first_model(self) -> str:
        async for model in listed(self._client().models.list(), "models", pages=1):
            return str(model.id)
        raise ConfigError("the server lists no model", hint="Set model to one that it has.")

    async def sample(self, request: SampleRequest) -> SampleResult:
        """Answer a chat by one chat completion."""
        doing = f"sample from {request.model}"
        with provider_errors(doing):
            try:
                completion = await self._client().chat.completions.create(
                    **chat_arguments(request, self._config), extra_headers=_idempotent(request.key)
                )
            except openai.APIStatusError as error:
                refused = refused_request(error, request.n)
                if refused is None:
                    raise
                return refused
        return self.read(completion, request, doing)

    def read(self, completion: Any, request: SampleRequest, doing: str) -> SampleResult:
        """Read what the client made of an answer; providers with peculiarities of their own replace this.

        :raises ProviderError: it is no completion.
        """
        result = result_of(completion, request.n, doing)
        if result.usage is None:
            return result
        cost = self._prices.of_usage(request.model, result.usage).cost
        return evolve(result, usage=evolve(result.usage, cost=cost))

    def estimate(self, what: SampleRequest | FineTuneRequest) -> Estimate:
        """Bounds by the number of bytes, of which a token has at least one."""
        if isinstance(what, SampleRequest):
            return self._prices.of_request(what, bound_of_request(what))
        return self._prices.of_training(what.model, bound_of_training(what))

    async def upload(self, request: FineTuneRequest) -> str:
        """Upload the training and validation file, unless files with their content are there."""
        names = {"training": await self._upload(request.key, request.training_file)}
        if request.validation_file is not None:
            names["validation"] = await self._upload(request.key, request.validation_file)
        return json.dumps(names) if len(names) > 1 else names["training"]

    async def _upload(self, key: str, path: Path) -> str:
        doing = "upload the training file"
        content = await asyncio.to_thread(path.read_bytes)
        prefix = file_prefix_of(key) if self._config.find_by == "file" else "mlkernel-"
        name = f"{prefix}{hashlib.sha256(content).hexdigest()[:32]}.jsonl"
        async for file in self._files():
            if file.filename == name and file.bytes == len(content) and file.status != "error":
                return str(file.id)
        with provider_errors(doing):
            answer = await self._client().files.create(file=(name, content), purpose="fine-tune")
        return str(_expect(answer, FileObject, doing).id)

    def _files(self) -> Any:
        files = self._client().files.list(purpose="fine-tune", limit=PAGE)
        return listed(files, "files", self._config.find_pages)

    async def submit(self, request: FineTuneRequest, uploaded: str | None = None) -> FineTuneJob:
        """Create the job."""
        if request.method not in self.capabilities.methods:
            raise ProviderError(
                f"{self.name} cannot train by {request.method!r}",
                kind="unsupported",
                hint=f"It can: {', '.join(sorted(self.capabilities.methods)) or 'nothing, it only samples'}.",
            )
        uploaded = uploaded or await self.upload(request)
        arguments = job_arguments(request, _file_names(uploaded), self._config)
        doing = f"create the fine-tune job {request.key}"
        with provider_errors(doing):
            answer = await self._client().fine_tuning.jobs.create(
                **arguments, extra_headers=_idempotent(request.key)
            )
        return self._job(answer, request.key, uploaded, doing)

    async def find(self, key: str) -> FineTuneJob | None:
        """Search the newest jobs; the provider is asked to filter them, and every one is looked at again here."""
        config = self._config
        if config.find_by == "none":
            return None
        files = await self._files_of(key) if config.find_by == "file" else frozenset[str]()
        if config.find_by == "file" and not files:
            return None
        filters: dict[str, Any] = {"metadata": {KEY_FIELD: key}} if config.find_by == "metadata" else {}
        jobs = self._client().fine_tuning.jobs.list(limit=PAGE, **filters)
        async for answer in listed(jobs, "fine-tune jobs", config.find_pages):
            if has_key(answer, key, config, files):
                return self._job(answer, key, None, "list fine-tune jobs")
        return None

    async def _files_of(self, key: str) -> frozenset[str]:
        prefix = file_prefix_of(key)
        return frozenset([file.id async for file in self._files() if str(file.filename).startswith(prefix)])

    async def poll(self, job: FineTuneJob) -> FineTuneJob:
        """Ask for the job."""
        doing = f"ask for the fine-tune job {job.identifier}"
        with provider_errors(doing):
            answer = await self._client().fine_tuning.jobs.retrieve(job.identifier)
        return self._job(answer, job.key, job.uploaded, doing)

    async def events(self, job: FineTuneJob, after: str | None = None) -> list[Mapping[str, Any]]:
        """The provider gives the newest first; they are turned round."""
        found: list[Mapping[str, Any]] = []
        page = self._client().fine_tuning.jobs.list_events(job.identifier, limit=PAGE)
        async for event in listed(page, "the events of a job", self._config.find_pages):
            if event.id == after:
                break
            found.append(
                {
                    "id": event.id,
                    "created_at": event.created_at,
                    "level": event.level,
                    "message": event.message,
                }
            )
        return found[::-1]

    async def checkpoints(self, job: FineTuneJob) -> list[Mapping[str, Any]]:
        """In the order of their steps."""
        page = self._client().fine_tuning.jobs.checkpoints.list(job.identifier, limit=PAGE)
        found = [
            {
                "step": checkpoint.step_number,
                "model": checkpoint.fine_tuned_model_checkpoint,
                "metrics": {}
                if checkpoint.metrics is None
                else checkpoint.metrics.model_dump(exclude_none=True),
            }
            async for checkpoint in listed(page, "the checkpoints of a job", self._config.find_pages)
        ]
        return sorted(found, key=lambda checkpoint: checkpoint["step"])

    async def cancel(self, job: FineTuneJob) -> FineTuneJob:
        """Cancel the job, or tell how it ended if it was too late."""
        doing = f"cancel the fine-tune job {job.identifier}"
        try:
            with provider_errors(doing):
                answer = await self._client().fine_tuning.jobs.cancel(job.identifier)
        except ProviderError as error:
            if error.kind != "bad_request":
                raise
            return await self.poll(job)
        return self._job(answer, job.key, job.uploaded, doing)

    async def ensure_servable(self, model: str) -> str:
        """A tuned model answers by its own name; look whether the provider has it already."""
        if self._config.probe:
            with provider_errors(f"ask for the model {model}"):
                await self._client().models.retrieve(model)
        return model

    async def release(self, model: str) -> None:
        """Delete a tuned model, if the configuration says so."""
        if self._config.delete_released and model != self._config.model:
            try:
                with provider_errors(f"delete the model {model}"):
                    await self._client().models.delete(model)
            except ProviderError as error:
                if error.kind != "not_found":
                    raise

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.aclose()

    def _job(self, answer: Any, key: str, uploaded: str | None, doing: str) -> FineTuneJob:
        checked = _expect(answer, FineTuningJob, doing)
        state = str(checked.status).lower()
        if state not in STATES and state not in self._unknown_states:
            self._unknown_states.add(state)
            self._logger.warning(
                "the provider tells an unknown state; the job counts as running", state=state
            )
        return job_of(checked, key=key, provider=self.name, uploaded=uploaded)


def _expect(answer: Any, kind: type[Any], doing: str) -> Any:
    if not isinstance(answer, kind) or not isinstance(getattr(answer, "id", None), str):
        raise malformed(doing, "the answer lacks what it must have")
    return answer


def _idempotent(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key if key.isascii() and key.isprintable() else short_hash(key)}


def _file_names(uploaded: str) -> dict[str, str]:
    return dict(json.loads(uploaded)) if uploaded.startswith("{") else {"training": uploaded}

"""A larger model in this process: answers by transformers, jobs that train LoRA adapters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import evolve

from mlkernel import UsageError
from mlkernel_locallm.backend.embedded_backend import EmbeddedBackend, check_device, worker_threads
from mlkernel_locallm.backend.job_record import JobRecord
from mlkernel_locallm.generation.prompt import Generation, Prompt
from mlkernel_locallm.huggingface.adapted_network import BASE, AdaptedNetwork
from mlkernel_locallm.huggingface.chat_codec import ChatCodec
from mlkernel_locallm.huggingface.huggingface_config import HuggingFaceConfig
from mlkernel_locallm.huggingface.lora_tuning import LEARNING_RATE, Lesson, LoraTuning, read_lessons
from mlkernel_locallm.huggingface.model_source import load
from mlkernel_locallm.tuning.objective import Row
from mlkernel_locallm.tuning.tuning_options import TuningOptions
from mlkernel_text.backends.backend import Capabilities
from mlkernel_text.backends.backend_context import BackendContext
from mlkernel_text.backends.errors import ProviderError
from mlkernel_text.chat import Chat
from mlkernel_text.scenario.curriculum import Curriculum

METHODS = ("sft", "dpo")


class HuggingFaceBackend(EmbeddedBackend):
    """Implements :class:`mlkernel_text.backends.backend.TextBackend`.

    One network is in memory, and one thread uses it: answers wait for a job that is running.
    """

    name = "huggingface"
    capabilities = Capabilities(
        methods=frozenset({"sft", "dpo"}),
        continue_tuned=True,
        row_weight="float",
        learning_rate="absolute",
        seed=True,
        n=True,
        logprobs=True,
        metered=False,
        cancel=True,
        checkpoints=True,
    )

    def __init__(self, config: HuggingFaceConfig, context: BackendContext) -> None:
        check_device(config.device)
        network, tokenizer = load(config.model, config.device)
        self._network = AdaptedNetwork(
            network,
            ChatCodec(tokenizer),
            context.directory / "models",
            rank=config.rank,
            alpha=config.alpha,
            batch=config.batch,
        )
        thread = worker_threads(1, "huggingface", config.threads)
        super().__init__(
            context.directory,
            LoraWorkshop(self._network),
            sampling=thread,
            tuning=thread,
            step_checkpoints=config.step_checkpoints,
        )

    async def prepare(self, curriculum: Curriculum | None) -> str:
        """The model without an adapter; a curriculum is not needed."""
        return BASE

    def _encode(self, chat: Chat) -> tuple[int, ...]:
        return self._network.codec.prompt(chat)

    def _context(self, model: str) -> int:
        if model not in self._network:
            raise ProviderError(f"there is no model {model!r}", kind="not_found")
        return self._network.context

    def _answer(self, model: str, prompts: Sequence[Prompt]) -> list[Generation]:
        self._network.activate(model)
        return self._network.generate(prompts)

    async def ensure_servable(self, model: str) -> str:
        """Make sure that there is such an adapter."""
        self._context(model)
        return model

    async def release(self, model: str) -> None:
        """Delete an adapter."""
        self._network.delete(model)


class LoraWorkshop:
    """Trains and keeps adapters."""

    def __init__(self, network: AdaptedNetwork) -> None:
        self._network = network
        self.names, self.notes = network.names, network.notes

    def check(self, record: JobRecord, rows: Sequence[Row]) -> None:
        """See :class:`mlkernel_locallm.backend.workshop.Workshop`."""
        self._read(record, rows)

    def begin(self, record: JobRecord, rows: Sequence[Row]) -> LoraTuning:
        """See the protocol."""
        lessons, options = self._read(record, rows)
        self._network.activate(record.start)
        return LoraTuning(self._network, lessons, record.method, options)

    def save(self, name: str, tuning: LoraTuning, notes: Mapping[str, Any]) -> None:
        """See the protocol."""
        self._network.save(name, notes)

    def __contains__(self, name: str) -> bool:
        """See the protocol."""
        return name in self._network

    def _read(self, record: JobRecord, rows: Sequence[Row]) -> tuple[list[Lesson], TuningOptions]:
        if record.method not in METHODS:
            raise UsageError(
                f"this back end has no method {record.method!r}", hint=f"it has: {', '.join(METHODS)}"
            )
        if not rows:
            raise UsageError("there are no rows to tune on")
        options = TuningOptions.for_method(record.method, record.options)
        if record.options.get("learning_rate") in (None, "auto"):
            options = evolve(options, learning_rate=LEARNING_RATE)
        return read_lessons(rows, record.method, self._network.codec, options), options

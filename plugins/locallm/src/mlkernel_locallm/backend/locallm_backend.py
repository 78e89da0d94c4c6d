"""The embedded back end: a small model in this process, which answers and is tuned without a key or a network."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path

import structlog

from mlkernel import UsageError
from mlkernel_locallm.backend.embedded_backend import EmbeddedBackend, check_device, worker_threads
from mlkernel_locallm.backend.locallm_config import LocalLmConfig
from mlkernel_locallm.backend.model_folder import ModelFolder
from mlkernel_locallm.backend.workshop import TransformerWorkshop
from mlkernel_locallm.generation.prompt import Generation, Prompt
from mlkernel_locallm.model.byte_chat import encode_prompt
from mlkernel_locallm.pretraining.base_models import base_model
from mlkernel_text.backends.backend import Capabilities
from mlkernel_text.backends.backend_context import BackendContext
from mlkernel_text.chat import Chat
from mlkernel_text.scenario.curriculum import Curriculum

_LOG = logging.getLogger("mlkernel_locallm")


class LocalLmBackend(EmbeddedBackend):
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
        check_device(config.device)
        self._config = config
        self._logger = context.logger or structlog.get_logger()
        self._option = context.option
        self._models = ModelFolder(context.directory / "models", config.device)
        super().__init__(
            context.directory,
            TransformerWorkshop(self._models, config.device),
            sampling=worker_threads(1, "locallm-sampling", config.threads),
            tuning=worker_threads(config.tuning_workers, "locallm-tuning", config.threads),
            step_checkpoints=config.step_checkpoints,
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
            if curriculum is None:
                self._warn_of_cards()
            cache = None if self._config.cache is None else Path(self._config.cache)
            base = base_model(curriculum, cache=cache, announce=_LOG.warning)
            name, path = base.name, base.path
        self._models.add(name, path)
        return name

    def _warn_of_cards(self) -> None:
        self._logger.warning(
            "the embedded model has learnt the card game only, and answers anything else by chance",
            hint=f"choose another back end, such as {self._option}=openai, or another model by {self._option}.model",
        )

    def _encode(self, chat: Chat) -> tuple[int, ...]:
        return encode_prompt(chat)

    def _context(self, model: str) -> int:
        return self._models.sampler(model).context

    def _answer(self, model: str, prompts: Sequence[Prompt]) -> list[Generation]:
        return self._models.sampler(model).generate(prompts)

    async def ensure_servable(self, model: str) -> str:
        """Load the model."""
        self._models.sampler(model)
        return model

    async def release(self, model: str) -> None:
        """Delete a tuned model."""
        self._models.delete(model)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"the model {path} cannot be read: {error.strerror}", hint="see option model"
        ) from error

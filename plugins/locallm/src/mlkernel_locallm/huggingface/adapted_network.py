"""One network in memory, and the LoRA adapters (Hu et al. 2022) that make it one model or another."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from mlkernel_locallm.generation.prompt import Generation, Prompt
from mlkernel_locallm.huggingface.chat_codec import ChatCodec
from mlkernel_locallm.huggingface.seeded_choice import SeededChoice
from mlkernel_locallm.model.weights import write_atomically
from mlkernel_text.backends.errors import ProviderError

BASE = "base"
"""The model without an adapter."""


class AdaptedNetwork:
    """A network whose adapter is exchanged as it is needed. For one thread.

    :param network: a causal language model of transformers.
    :param folder: of adapters, one file each.
    """

    def __init__(
        self, network: Any, codec: ChatCodec, folder: Path, *, rank: int, alpha: float, batch: int
    ) -> None:
        self.codec, self._folder, self._batch = codec, folder, batch
        self.context: int = getattr(network.config, "max_position_embeddings", 2048)
        with torch.random.fork_rng(devices=[]):  # peft draws first weights, which are drawn anew below
            config = LoraConfig(r=rank, lora_alpha=alpha, target_modules="all-linear", task_type="CAUSAL_LM")
            self.network = get_peft_model(network, config)
        self.adapter: dict[str, torch.nn.Parameter] = {
            name: weight for name, weight in self.network.named_parameters() if weight.requires_grad
        }
        self._active = ""
        self.activate(BASE)

    def activate(self, name: str) -> None:
        """Become the model *name*.

        :raises ProviderError: when there is none of this name.
        """
        if name == self._active:
            return
        weights = self._first_weights() if name == BASE else self._load(name)
        with torch.no_grad():
            for key, weight in self.adapter.items():
                weight.copy_(weights[key])
        self._active = name

    def begin_changes(self) -> None:
        """The adapter is about to be trained: it is none of the kept ones any more."""
        self._active = ""

    def save(self, name: str, notes: Mapping[str, Any]) -> None:
        """Keep the adapter as it is now."""
        weights = {key: weight.detach().cpu() for key, weight in self.adapter.items()}
        write_atomically(self._path(name), save(weights, {"notes": json.dumps(dict(notes), sort_keys=True)}))

    def __contains__(self, name: str) -> bool:
        return name == BASE or self._path(name).exists()

    def names(self, prefix: str) -> list[str]:
        """Adapters whose names begin with *prefix*."""
        return sorted(path.stem for path in self._folder.glob(f"{prefix}*.safetensors"))

    def notes(self, name: str) -> dict[str, Any]:
        """What was kept with an adapter."""
        with safe_open(self._path(name), framework="pt") as file:
            notes: dict[str, Any] = json.loads(file.metadata()["notes"])
        return notes

    def delete(self, name: str) -> None:
        """Delete an adapter."""
        if name != BASE:
            self._path(name).unlink(missing_ok=True)

    @torch.inference_mode()
    def generate(self, prompts: Sequence[Prompt]) -> list[Generation]:
        """Answer *prompts* by the active model."""
        order = sorted(
            range(len(prompts)), key=lambda index: (len(prompts[index].tokens), prompts[index].tokens)
        )
        answers: dict[int, Generation] = {}
        for start in range(0, len(order), self._batch):
            indices = order[start : start + self._batch]
            answers.update(zip(indices, self._write([prompts[index] for index in indices]), strict=True))
        return [answers[index] for index in range(len(prompts))]

    def _write(self, prompts: Sequence[Prompt]) -> list[Generation]:
        length = max(len(prompt.tokens) for prompt in prompts)
        steps = min(max(prompt.max_tokens for prompt in prompts), self.context - length)
        device = self.network.device
        padding = [length - len(prompt.tokens) for prompt in prompts]
        tokens = [
            [self.codec.padding] * pad + list(prompt.tokens)
            for pad, prompt in zip(padding, prompts, strict=True)
        ]
        mask = [[0] * pad + [1] * len(prompt.tokens) for pad, prompt in zip(padding, prompts, strict=True)]
        choice = SeededChoice(prompts, steps, device)
        written = self.network.generate(
            input_ids=torch.tensor(tokens, device=device),
            attention_mask=torch.tensor(mask, device=device),
            do_sample=False,
            max_new_tokens=steps,
            eos_token_id=self.codec.end,
            pad_token_id=self.codec.padding,
            logits_processor=[choice],
        )
        rows = written[:, length:].tolist()
        logprobs = torch.stack(choice.logprobs, 1).tolist()
        return [self._generation(*columns) for columns in zip(prompts, rows, logprobs, strict=True)]

    def _generation(self, prompt: Prompt, tokens: list[int], logprobs: list[float]) -> Generation:
        tokens = tokens[: prompt.max_tokens]
        ended = self.codec.end in tokens
        if ended:
            tokens = tokens[: tokens.index(self.codec.end) + 1]
        text = self.codec.decode(tokens)
        places = [place for place in (text.find(stop) for stop in prompt.stop if stop) if place >= 0]
        return Generation(
            text=text[: min(places)] if places else text,
            tokens=tuple(tokens),
            logprobs=tuple(logprobs[: len(tokens)]) if prompt.logprobs else None,
            finish="stop" if ended or places else "length",
        )

    def _first_weights(self) -> dict[str, Tensor]:
        """An adapter that changes nothing yet: one factor drawn, the other zero."""
        generator = torch.Generator().manual_seed(0)
        return {
            key: torch.zeros(weight.shape)
            if "lora_B" in key
            else torch.randn(weight.shape, generator=generator) / weight.shape[1] ** 0.5
            for key, weight in self.adapter.items()
        }

    def _load(self, name: str) -> dict[str, Tensor]:
        if not self._path(name).exists():
            raise ProviderError(f"there is no model {name!r}", kind="not_found")
        with safe_open(self._path(name), framework="pt") as file:
            return {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - it is no mapping

    def _path(self, name: str) -> Path:
        return self._folder / f"{Path(name).name}.safetensors"

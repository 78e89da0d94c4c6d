"""The components of this package, told without importing torch."""

from __future__ import annotations

from mlkernel import Descriptor

locallm_backend = Descriptor(
    name="locallm",
    summary="A byte-level model in this process: needs no key and no network, and truly learns.",
    factory="mlkernel_locallm.backend.locallm_backend:LocalLmBackend",
    config="mlkernel_locallm.backend.locallm_config:LocalLmConfig",
    needs=("torch", "numpy"),
)
huggingface_backend = Descriptor(
    name="huggingface",
    summary="A model folder in the Hugging Face layout, or GGUF weights, tuned with LoRA in this process.",
    factory="mlkernel_locallm.huggingface.huggingface_backend:HuggingFaceBackend",
    config="mlkernel_locallm.huggingface.huggingface_config:HuggingFaceConfig",
    needs=("torch", "transformers", "peft"),
)
locallm_server = Descriptor(
    name="locallm",
    summary="The OpenAI interface of the embedded model, on this machine: chat, files, fine-tuning jobs, batches.",
    factory="mlkernel_locallm.server.serve:LocalLmServer",
    config="mlkernel_locallm.server.server_config:ServerConfig",
    needs=("torch", "starlette", "uvicorn"),
)

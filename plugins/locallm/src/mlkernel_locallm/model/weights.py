"""Models as files: safetensors, with the shape of the network in its metadata."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from mlkernel import UsageError
from mlkernel_locallm.model.model_config import ModelConfig
from mlkernel_locallm.model.transformer import Transformer

FORMAT = 1
_METADATA = "mlkernel-locallm"
"""The one key of the metadata: safetensors writes several in any order, and equal models shall be equal bytes."""


def save_model(
    model: Transformer,
    path: Path,
    *,
    notes: Mapping[str, Any] | None = None,
    dtype: torch.dtype = torch.float32,
) -> None:
    """Write *model* in one piece: whoever looks sees the whole file or none.

    :param notes: kept beside the weights, in JSON types.
    :param dtype: of the stored weights; ``torch.float16`` halves the file.
    """
    description = {"format": FORMAT, "config": model.config.as_json(), "notes": dict(notes or {})}
    weights = {name: weight.detach().to("cpu", dtype) for name, weight in model.state_dict().items()}
    write_atomically(path, save(weights, {_METADATA: json.dumps(description, sort_keys=True)}))


def load_model(path: Path, device: torch.device | str = "cpu") -> Transformer:
    """Read a model, as float32.

    :raises UsageError: when there is no such file, or it holds no model of this kind.
    """
    description, weights = _read(path)
    model = Transformer(ModelConfig.from_json(description["config"]))
    model.load_state_dict({name: weight.float() for name, weight in weights.items()})
    return model.to(device)


def load_notes(path: Path) -> dict[str, Any]:
    """Read what :func:`save_model` was told to keep beside the weights.

    :raises UsageError: as :func:`load_model`.
    """
    notes: dict[str, Any] = _read(path)[0]["notes"]
    return notes


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file aside, bring it to the disk, and move it to its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with aside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The description and the weights."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
    except FileNotFoundError:
        raise UsageError(f"there is no model at {path}") from None
    except SafetensorError as error:
        raise UsageError(f"{path} is no model: {error}") from error
    description: dict[str, Any] = json.loads(metadata.get(_METADATA, "{}"))
    if description.get("format") != FORMAT:
        raise UsageError(f"{path} is no model of mlkernel-locallm in format {FORMAT}")
    return description, weights

"""Base models by what they were made from: shipped, cached, or made now."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from attrs import frozen

from mlkernel import UsageError
from mlkernel_locallm.model.weights import save_model
from mlkernel_locallm.pretraining.recipe import Recipe
from mlkernel_text.scenario.curriculum import Curriculum

WEIGHTS = Path(__file__).parents[1] / "weights"
"""The shipped models: ``NAME.safetensors`` and ``NAME.json``, which says what it was made from and its SHA-256."""
DEFAULT = "cards"
"""The shipped model that answers where a scenario has no curriculum."""
Announce = Callable[[str], None]
"""Told, in one line, of work that takes long, and how far it is."""

_making = threading.Lock()


@frozen
class BaseModel:
    """A model to begin with."""

    name: str
    """``base-`` and the beginning of the hash of what it was made from."""
    path: Path


def base_model(
    curriculum: Curriculum | None,
    *,
    recipe: Recipe | None = None,
    cache: Path | None = None,
    announce: Announce | None = None,
) -> BaseModel:
    """The base model for *curriculum*, made by *recipe* unless it is shipped or was made before.

    :param curriculum: ``None`` takes the shipped model, which then has never seen what it is asked.
    :param cache: where models are kept; by default :func:`cache_folder`.
    :raises UsageError: when a shipped file is damaged.
    """
    shipped = _shipped()
    if curriculum is None:
        return _checked(shipped[0])
    recipe = recipe or Recipe()
    identity = identity_of(curriculum, recipe)
    for model in shipped:
        if model["identity"] == identity:
            return _checked(model)
    path = (cache or cache_folder()) / f"{identity}.safetensors"
    with _making:
        if not path.exists():
            _make(curriculum, recipe, path, announce or (lambda line: None))
    return BaseModel(model_name(identity), path)


def identity_of(curriculum: Curriculum, recipe: Recipe) -> str:
    """SHA-256, in hexadecimal digits, of everything that a base model is made from."""
    return hashlib.sha256(json.dumps(_origin(curriculum, recipe), sort_keys=True).encode()).hexdigest()


def model_name(identity: str) -> str:
    """The name of the model with this identity."""
    return f"base-{identity[:12]}"


def cache_folder() -> Path:
    """``mlkernel/locallm`` in the user's folder for caches (``XDG_CACHE_HOME``)."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "mlkernel" / "locallm"


def ship(curriculum: Curriculum, name: str, announce: Announce) -> Path:
    """Make the model that is shipped as *name*, and write it and its origin to :data:`WEIGHTS`."""
    recipe, path = Recipe(), WEIGHTS / f"{name}.safetensors"
    _make(curriculum, recipe, path, announce)
    record = {
        "identity": identity_of(curriculum, recipe),
        "sha256": _sha256(path),
        **_origin(curriculum, recipe),
    }
    path.with_suffix(".json").write_text(
        json.dumps(record, indent=2, sort_keys=True) + "\n", encoding="utf-8"
    )
    return path


def _make(curriculum: Curriculum, recipe: Recipe, path: Path, announce: Announce) -> None:
    announce("making a base model for this scenario, which takes some minutes; later runs load it")
    begun = time.monotonic()

    def on_step(step: int, steps: int, loss: float) -> None:
        if step % 100 == 0 or step == steps:
            announce(f"base model: step {step} of {steps}, loss {loss:.3f}, {time.monotonic() - begun:.0f} s")

    model = recipe.pretrain(curriculum, on_step)
    save_model(model, path, notes=_origin(curriculum, recipe), dtype=torch.float16)


def _origin(curriculum: Curriculum, recipe: Recipe) -> dict[str, Any]:
    return {"curriculum": dict(curriculum.identity), "recipe": recipe.as_json()}


def _shipped() -> list[dict[str, Any]]:
    """What is shipped, the default first."""
    origins = sorted(WEIGHTS.glob("*.json"), key=lambda path: (path.stem != DEFAULT, path.stem))
    return [
        json.loads(path.read_text(encoding="utf-8")) | {"path": path.with_suffix(".safetensors")}
        for path in origins
    ]


def _checked(record: dict[str, Any]) -> BaseModel:
    if _sha256(record["path"]) != record["sha256"]:
        raise UsageError(
            f"{record['path']} is damaged: its SHA-256 is not that of the shipped model",
            hint="reinstall mlkernel-locallm",
        )
    return BaseModel(model_name(record["identity"]), record["path"])


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

"""The models of a run, as files in one folder."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlkernel_locallm.generation.sampler import Sampler
from mlkernel_locallm.model.transformer import Transformer
from mlkernel_locallm.model.weights import load_model, load_notes, save_model
from mlkernel_text.backends.errors import ProviderError

SAMPLERS = 8
"""Models that are kept ready to answer; more are loaded again when they are asked."""


class ModelFolder:
    """Models by their names. May be used by several threads."""

    def __init__(self, folder: Path, device: str) -> None:
        self._folder, self._device = folder, device
        self._elsewhere: dict[str, Path] = {}
        self._samplers: OrderedDict[str, Sampler] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, name: str, path: Path) -> None:
        """Know a model that lies elsewhere; it is never deleted."""
        self._elsewhere[name] = path

    def __contains__(self, name: str) -> bool:
        return self._path(name).exists()

    def names(self, prefix: str) -> list[str]:
        """The models that lie here whose names begin with *prefix*."""
        return sorted(path.stem for path in self._folder.glob(f"{prefix}*.safetensors"))

    def load(self, name: str) -> Transformer:
        """Read a model.

        :raises ProviderError: when there is none of this name.
        """
        return load_model(self._existing(name))

    def notes(self, name: str) -> dict[str, Any]:
        """What was kept beside the weights."""
        return load_notes(self._existing(name))

    def save(self, name: str, model: Transformer, notes: Mapping[str, Any]) -> None:
        """Write a model in one piece."""
        save_model(model, self._path(name), notes=notes)

    def sampler(self, name: str) -> Sampler:
        """The model, ready to answer.

        :raises ProviderError: when there is none of this name.
        """
        with self._lock:
            if name not in self._samplers:
                self._samplers[name] = Sampler(self.load(name), self._device)
                if len(self._samplers) > SAMPLERS:
                    self._samplers.popitem(last=False)
            self._samplers.move_to_end(name)
            return self._samplers[name]

    def delete(self, name: str) -> None:
        """Forget a model, and delete its file if it lies here."""
        with self._lock:
            self._samplers.pop(name, None)
        if name not in self._elsewhere:
            self._path(name).unlink(missing_ok=True)

    def _existing(self, name: str) -> Path:
        path = self._path(name)
        if not path.exists():
            raise ProviderError(f"there is no model {name!r}", kind="not_found", hint=f"it would be {path}")
        return path

    def _path(self, name: str) -> Path:
        return self._elsewhere.get(name, self._folder / f"{Path(name).name}.safetensors")

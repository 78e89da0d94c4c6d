"""The models that can be asked: base models, and those that were tuned here."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from threading import RLock
from typing import Any

from attrs import frozen

from mlkernel_locallm.generation.sampler import Sampler
from mlkernel_locallm.model.transformer import Transformer
from mlkernel_locallm.model.weights import load_model, save_model
from mlkernel_locallm.server.http.api_error import ApiError
from mlkernel_locallm.server.store.database import Database
from mlkernel_locallm.server.store.resources import Document, Resources

ALIAS = "locallm"
"""Names the base model that is shipped."""
OWNER = "mlkernel-locallm"
_LOADED = 16


@frozen
class LoadedModel:
    """A model in memory."""

    network: Transformer
    sampler: Sampler


class ModelShelf:
    """Models by name.

    Weights are on disk before the document that names them is written; those without one are removed at the start.

    :param bases: name → file of the base models; the first also has the name :data:`ALIAS`.
    """

    def __init__(self, database: Database, folder: Path, bases: Mapping[str, Path]) -> None:
        self._tuned = Resources(database, "models")
        self._folder = folder
        first = next(iter(bases.values()))
        self._bases = {ALIAS: first, **bases}
        self._loaded: OrderedDict[str, LoadedModel] = OrderedDict()
        self._lock = RLock()
        folder.mkdir(parents=True, exist_ok=True)
        known = {self._path(document["id"]) for document in self._tuned.all()}
        for path in folder.iterdir():
            if path not in known:
                path.unlink()

    def documents(self) -> list[Document]:
        """All models, base models first."""
        return [*(_base_document(name, path) for name, path in self._bases.items()), *self._tuned.all()]

    def get(self, name: str) -> Document:
        """The model's document.

        :raises ApiError: 404 when there is none.
        """
        document = _base_document(name, self._bases[name]) if self.is_base(name) else self._tuned.get(name)
        if document is None:
            raise ApiError(
                404,
                f"The model '{name}' does not exist; GET /v1/models lists those that do.",
                param="model",
                code="model_not_found",
            )
        return document

    def is_base(self, name: str) -> bool:
        """Whether the model was not tuned here."""
        return name in self._bases

    def load(self, name: str) -> Transformer:
        """The network.

        :raises ApiError: 404 when there is none.
        """
        self.get(name)
        return load_model(self._bases.get(name) or self._path(name))

    def loaded(self, name: str) -> LoadedModel:
        """The model, ready to answer; the last ones that were asked for stay in memory.

        :raises ApiError: 404 when there is none.
        """
        with self._lock:
            if name not in self._loaded:
                network = self.load(name)
                self._loaded[name] = LoadedModel(network, Sampler(network))
                if len(self._loaded) > _LOADED:
                    self._loaded.popitem(last=False)
            self._loaded.move_to_end(name)
            return self._loaded[name]

    def save(self, name: str, network: Transformer) -> None:
        """Write weights that :meth:`add` will name."""
        save_model(network, self._path(name))

    def add(self, name: str, *, created: int, notes: Mapping[str, Any]) -> None:
        """Make a model known whose weights were saved."""
        self._tuned.add({"id": name, "object": "model", "created": created, "owned_by": OWNER, **notes})

    def remove(self, name: str) -> None:
        """Delete a tuned model."""
        with self._lock:
            self._tuned.remove(name)
            self._loaded.pop(name, None)
            self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        # Names hold colons and whatever a client chose as suffix.
        return self._folder / f"{blake2b(name.encode(), digest_size=16).hexdigest()}.safetensors"


def _base_document(name: str, path: Path) -> Document:
    return {"id": name, "object": "model", "created": int(path.stat().st_mtime), "owned_by": OWNER}

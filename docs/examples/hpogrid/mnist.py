"""A convolutional network learns small pictures of ten kinds.

``data`` is a folder with the four files of MNIST, or of Fashion-MNIST (Debian's package dataset-fashion-mnist); without
it, the 1,797 digits of scikit-learn are learnt.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

Pictures = tuple[torch.Tensor, torch.Tensor]


class MNISTTrainable:
    """Trains one epoch a step.

    Its configuration: ``hidden``, units of the dense layer; ``batchsize``; ``lr``; ``beta``, Adam's first; and, for all
    trials alike, ``data`` and ``samples``, how many pictures are learnt from.
    """

    config: dict[str, Any]

    def _setup(self, config: dict[str, Any]) -> None:
        torch.set_num_threads(1)
        torch.manual_seed(0)
        self.train, self.test = pictures(config.get("data"), config.get("samples", 6000))
        side = self.train[0].shape[-1] // 4
        self.model = nn.Sequential(
            *(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Flatten(), nn.Linear(16 * side * side, config["hidden"]), nn.ReLU()),
            nn.Linear(config["hidden"], 10),
        )
        self.optimizer = torch.optim.Adam(
            self.model.parameters(), lr=config["lr"], betas=(config["beta"], 0.999)
        )

    def _train(self) -> dict[str, float]:
        images, labels = self.train
        for batch in torch.randperm(len(images)).split(self.config["batchsize"]):
            self.optimizer.zero_grad()
            cross_entropy(self.model(images[batch]), labels[batch]).backward()
            self.optimizer.step()
        with torch.no_grad():
            scores = self.model(self.test[0])
        accuracy = (scores.argmax(1) == self.test[1]).float().mean()
        return {"loss": cross_entropy(scores, self.test[1]).item(), "accuracy": accuracy.item()}

    def _save(self, checkpoint_dir: str) -> None:
        state = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}
        torch.save(state, Path(checkpoint_dir) / "state.pt")

    def _restore(self, checkpoint_dir: str) -> None:
        state = torch.load(Path(checkpoint_dir) / "state.pt", weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])


def pictures(folder: str | None, samples: int) -> tuple[Pictures, Pictures]:
    """Pictures to learn from and at most 2,000 to test on, as (n, 1, side, side) from 0 to 1, and their kinds."""
    if folder is None:
        from sklearn.datasets import load_digits

        digits = load_digits()
        images, labels = digits.images / 16, digits.target
        held_out = slice(1297, None)
        return _tensors(images[:1297][:samples], labels[:1297][:samples]), _tensors(
            images[held_out], labels[held_out]
        )
    train, test = (
        (_idx(folder, f"{part}-images-idx3") / 255, _idx(folder, f"{part}-labels-idx1"))
        for part in ("train", "t10k")
    )
    return _tensors(*(array[:samples] for array in train)), _tensors(*(array[:2000] for array in test))


def _tensors(images: np.ndarray, labels: np.ndarray) -> Pictures:
    return torch.tensor(images, dtype=torch.float32).unsqueeze(1), torch.tensor(labels, dtype=torch.int64)


def _idx(folder: str, name: str) -> np.ndarray:
    """The array in a file of the IDX format: unsigned bytes, their dimensions before them."""
    content = gzip.decompress((Path(folder) / f"{name}-ubyte.gz").read_bytes())
    shape = np.frombuffer(content, ">i4", count=content[3], offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * len(shape)).reshape(shape)

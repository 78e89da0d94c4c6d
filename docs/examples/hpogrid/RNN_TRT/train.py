"""A recurrent network tells electrons from pions by the hits that a particle leaves in a transition radiation tracker.

The tracks are made up. A particle crosses 24 straws. In each, it gives a low hit or a high one, and a high hit makes
the next one likelier, more so for electrons. These odds are known, so the best accuracy that any network could reach is
known, too: ``python train.py`` prints it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

STRAWS = 24
HIGH_AFTER = {"pion": (0.08, 0.14), "electron": (0.18, 0.45)}
"""How likely a high hit is after a low one and after a high one."""
ACTIVATIONS = {
    "relu": nn.ReLU,
    "elu": nn.ELU,
    "softmax": lambda: nn.Softmax(dim=-1),
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
}


def RNN_TRT(config: dict[str, Any], reporter: Any) -> None:  # noqa: N802 - its name in hpogrid's guide
    torch.set_num_threads(1)
    torch.manual_seed(reporter.seed)
    hits, is_electron = tracks(config.get("tracks", 16384), seed=1)
    held_out = tracks(10000, seed=2)
    model = Recurrent(config["lstm_hidden_size"], config["dense_size"], config["dense_activation"])
    optimizer = torch.optim.Adam(model.parameters(), lr=config["lr"])
    for epoch in range(1, config["num_epochs"] + 1):
        for batch in torch.randperm(len(hits)).split(config["batch_size"]):
            optimizer.zero_grad()
            loss = binary_cross_entropy_with_logits(model(hits[batch]), is_electron[batch])
            loss.backward()
            optimizer.step()
        reporter(step=epoch, accuracy=accuracy(model, *held_out), loss=loss.item())
        if config.get("verbose"):
            print(f"epoch {epoch}: loss {loss.item():.4f}")


class Recurrent(nn.Module):
    """Reads the hits straw by straw, and gives the logarithm of the odds that the particle is an electron."""

    def __init__(self, lstm_hidden_size: int, dense_size: int, dense_activation: str) -> None:
        super().__init__()
        self.lstm = nn.LSTM(1, lstm_hidden_size, batch_first=True)
        self.head = nn.Sequential(
            nn.Linear(lstm_hidden_size, dense_size), ACTIVATIONS[dense_activation](), nn.Linear(dense_size, 1)
        )

    def forward(self, hits: torch.Tensor) -> torch.Tensor:
        _, (last, _) = self.lstm(hits)
        return self.head(last[0]).squeeze(-1)


def tracks(number: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Hits (number, straws, 1) and whether each track is an electron's, half of them."""
    random = np.random.default_rng(seed)
    electron = random.random(number) < 0.5
    odds = np.where(electron[:, None], HIGH_AFTER["electron"], HIGH_AFTER["pion"])
    hits = np.zeros((number, STRAWS), dtype=int)
    before = np.zeros(number, dtype=int)
    for straw in range(STRAWS):
        hits[:, straw] = before = (random.random(number) < odds[np.arange(number), before]).astype(int)
    return torch.tensor(hits, dtype=torch.float32).unsqueeze(-1), torch.tensor(electron, dtype=torch.float32)


def accuracy(model: nn.Module, hits: torch.Tensor, is_electron: torch.Tensor) -> float:
    with torch.no_grad():
        return ((model(hits) > 0) == (is_electron > 0)).float().mean().item()


def best_accuracy(hits: torch.Tensor, is_electron: torch.Tensor) -> float:
    """Of the decision by the likelihoods of both particles, which no other can beat but by luck."""
    seen = hits.squeeze(-1).long().numpy()
    before = np.hstack([np.zeros((len(seen), 1), dtype=int), seen[:, :-1]])
    likelihood = {
        particle: np.log(np.where(seen == 1, np.array(odds)[before], 1 - np.array(odds)[before])).sum(1)
        for particle, odds in HIGH_AFTER.items()
    }
    return float(np.mean((likelihood["electron"] > likelihood["pion"]) == (is_electron.numpy() > 0)))


if __name__ == "__main__":
    print(f"best accuracy: {best_accuracy(*tracks(10000, seed=2)):.4f}")

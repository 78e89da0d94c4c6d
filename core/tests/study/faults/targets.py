"""What the studies train whose processes are killed, or whose disk is full."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from pathlib import Path

from attrs import frozen

from mlkernel import Trainer, option


def noisy(config, reporter):
    """Every value depends on the shared generator, which each attempt seeds alike."""
    for step in range(1, 6):
        time.sleep(0.02)
        reporter(loss=(config["x"] - 0.3) ** 2 + random.random() / step)


class Walker:
    """Adds chance to a sum in every step; the sum and the generator are in its checkpoints."""

    def setup(self, config):
        self.rate, self.total = config["x"], 0.0

    def step(self):
        time.sleep(0.01)
        self.total += self.rate + random.random()
        return {"loss": -self.total}

    def save_checkpoint(self, directory):
        (Path(directory) / "total").write_text(repr(self.total))

    def load_checkpoint(self, directory):
        self.total = float((Path(directory) / "total").read_text())


@frozen(kw_only=True)
class KeeperConfig:
    """Of the trainer."""

    x: float = option(0.0, help="Added in each iteration.")


class Keeper(Trainer):
    """A trainer of the kernel that climbs by chance, with large checkpoints."""

    Config = KeeperConfig

    def __init__(self, run):
        super().__init__(run)
        self.height = 0.0

    def train(self):
        for iteration in self.run.loop("train", 8):
            time.sleep(0.01)
            self.height += self.config.x + self.run.random("wind").random()
            iteration.log(loss=self.height)

    def state_dict(self):
        return {"height": self.height, "ballast": "b" * 50_000}

    def load_state_dict(self, state):
        self.height = state["height"]


def gated(config, reporter):
    """Says in the folder where it started that it has begun, and ends when nobody holds it there."""
    Path("begun").touch()
    while Path("hold").exists():
        time.sleep(0.02)
    reporter(loss=config["x"] + config.get("offset", 0.0))


def fills(config, reporter):
    """Keeps 100 KB in its folder."""
    reporter(loss=config["x"] + 1)
    (reporter.directory / "kept").write_bytes(bytes(100_000))
    reporter(loss=config["x"])


def fills_another_disk(config):
    """Writes to a disk that is full as long as a file says so; where it is not, there is none."""
    if config["x"] > 0 and Path("full").exists():
        Path("/dev/full").write_text("no room")
    return config["x"]


def hangs(config):
    """In three ways, one for each of three values."""
    if config["way"] == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if config["way"] == "child":
        subprocess.run(["sleep", "1234"], check=True)
    if config["way"] != "fine":
        time.sleep(1234)
    return 1.0


def talks(config, reporter):
    """Reports more than a small disk takes."""
    for _ in range(25):
        reporter({random.randbytes(20).hex(): random.random() for _ in range(500)}, loss=config["x"])
    return config["x"]

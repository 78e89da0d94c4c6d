"""What the tests of the engine train."""

import json
import os
import signal
import time
from pathlib import Path


def objective(config):
    return {"loss": (config["x"] - 0.3) ** 2, "seen": 1.0}


def steps(config, reporter):
    for step in range(1, 6):
        time.sleep(0.01)
        reporter(loss=(config["x"] - 0.3) ** 2 + 1 / step)


def waits(config, reporter):
    """Goes on once a file lies beside the runs; says in a file that it has begun."""
    study = Path(reporter.directory).parent.parent
    (study / "begun").touch()
    step = 0
    while not (study / "go").exists():
        time.sleep(0.02)
        step += 1
        reporter(loss=config["x"] + 1 / step)
    reporter(loss=config["x"])


def sleeps(config, reporter):
    """Reports nothing before a file lies beside the runs."""
    study = Path(reporter.directory).parent.parent
    (study / "begun").touch()
    while not (study / "go").exists():
        time.sleep(0.02)
    return config["x"]


def rests(config, reporter):
    time.sleep(2)
    return config["x"]


def seeded(config, reporter):
    return config["x"] + reporter.seed + 10 * (reporter.fold or 0)


def hoards(config):
    hoard = b"x" * 300_000_000
    time.sleep(10)
    return len(hoard)


def fails(config):
    if config["x"] > 0:
        raise ValueError("x is positive")
    return config["x"]


def not_a_number(config):
    return float("nan") if config["x"] > 0 else config["x"]


def fails_when_told(config, reporter):
    """Says in a file which of its failures comes next, and waits for another file."""
    study, memory = Path(reporter.directory).parent.parent, Path(reporter.directory) / "failures"
    failure = 1 + (int(memory.read_text()) if memory.exists() else 0)
    (study / f"begun-{failure}").touch()
    while not (study / f"fail-{failure}").exists():
        time.sleep(0.02)
    memory.write_text(str(failure))
    raise ValueError("as it was told")


def hangs(config):
    if config["x"] > 0:
        time.sleep(100)
    return config["x"]


def silent(config):
    return {"accuracy": config["x"]}


def dies_once(config, reporter):
    """Kills its own process in the first attempt."""
    if reporter.attempt == 1 and config["x"] > 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return config["x"]


def curve(config, reporter):
    for step in range(1, 10):
        reporter(step=step, loss=config["x"] + 1 / step)


def configured(config):
    return config["x"] + config["offset"]


class Climber:
    """Adds its rate to a sum in every step; what it has is in its checkpoints."""

    def setup(self, config):
        self.rate, self.total = config["x"], 0.0

    def step(self):
        self.total += self.rate
        return {"loss": -self.total}

    def reset_config(self, config):
        self.rate, self.total = config["x"], 0.0
        return True

    def save_checkpoint(self, directory):
        (Path(directory) / "total").write_text(repr(self.total))

    def load_checkpoint(self, directory):
        self.total = float((Path(directory) / "total").read_text())


def budgeted(config, max_step):
    """Trains as far as it is told, from the beginning."""
    return {"loss": -config["x"] * max_step}


def copying(config, reporter, source):
    """Keeps its sum in a file, and goes on from its own or from another run's."""
    own = Path(reporter.directory) / "sum"
    kept = own if source is None else Path(source) / "sum"
    step, total = json.loads(kept.read_text()) if kept.exists() else (0, 0.0)
    while step < reporter.max_step:
        step, total = step + 1, total + config["x"]
        own.write_text(json.dumps([step, total]))
        reporter(step=step, loss=-total)


class Forgetful:
    """Has no checkpoints."""

    def setup(self, config):
        self.rate, self.total = config["x"], 0.0

    def step(self):
        self.total += self.rate
        return {"loss": -self.total}

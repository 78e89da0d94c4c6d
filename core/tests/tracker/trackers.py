"""Trackers that write what they are given to a file, each with a vice of its own."""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import time
from pathlib import Path

from mlkernel.records.strict_json import strict_json
from mlkernel.tracker.tracker import TrackedRecord

RECEIVED = "MLKERNEL_TEST_RECEIVED"
"""The variable that names the folder of the files."""


class Appends:
    """Goes on with its file; a record that it has is not written again, by its number."""

    rewrites = False

    def __init__(self, run, memory):
        self.folder = Path(os.environ[RECEIVED] if memory is None else memory["folder"])
        self.folder.mkdir(parents=True, exist_ok=True)
        self.file = self.folder / f"{run.name}.jsonl"
        self.run = run
        self._write_fact(
            introduced=run.name, parameters=dict(run.parameters), tags=dict(run.tags), group=run.group
        )
        half = self.folder / f"{run.name}.pid"
        half.write_text(str(os.getpid()))
        half.replace(self.folder / "follower.pid")

    @property
    def memory(self):
        return {"folder": str(self.folder)}

    def log(self, records):
        known = {one["number"] for one in received(self.folder, self.run.name)}
        with self.file.open("a") as file:
            for record in records:
                if record.number not in known:
                    file.write(_line(record))

    def describe(self, facts):
        self._write_fact(
            state=facts.state, reason=facts.reason, notes=dict(facts.notes), attempts=facts.attempts
        )

    def close(self):
        pass

    def _write_fact(self, **facts):
        with (self.folder / f"{self.run.name}.facts.jsonl").open("a") as file:
            file.write(json.dumps(facts) + "\n")


class Rewrites(Appends):
    """Begins its file anew."""

    rewrites = True

    def __init__(self, run, memory):
        super().__init__(run, memory)
        self.file.unlink(missing_ok=True)


class Trusts(Appends):
    """Writes what it is given without a look at what it has."""

    def log(self, records):
        with self.file.open("a") as file:
            file.writelines(map(_line, records))


class Counts(Trusts):
    """Notes how many records there are in the process when it is given some."""

    most = 0

    def log(self, records):
        alive = sum(type(one) is TrackedRecord for one in gc.get_objects())
        type(self).most = max(self.most, alive)
        super().log(records)


class Hangs(Appends):
    """Never returns from its first call, until somebody lets it."""

    def log(self, records):
        (self.folder / "hangs").touch()
        while not (self.folder / "go").exists():
            time.sleep(0.02)
        super().log(records)


class HangsAtFirst(Appends):
    """Hangs in the first process that it is in."""

    def log(self, records):
        if not (self.folder / "hung").exists():
            (self.folder / "hung").touch()
            time.sleep(1e6)
        super().log(records)


class Raises(Appends):
    """Delivers, and says that it could not."""

    def log(self, records):
        super().log(records)
        (self.folder / "raised").touch()
        raise RuntimeError(f"no connection with {os.environ.get('TEST_API_TOKEN')}")


class RaisesTwice(Trusts):
    """Is out of order for the first two calls of all."""

    def log(self, records):
        tries = self.folder / "tries"
        count = int(tries.read_text()) if tries.exists() else 0
        tries.write_text(str(count + 1))
        if count < 2:
            raise ConnectionError("out of order")
        super().log(records)


class Dies(Appends):
    """Takes its whole process with it between a delivery and the note of it, three times."""

    def log(self, records):
        super().log(records)
        deaths = self.folder / "deaths"
        count = len(deaths.read_text()) if deaths.exists() else 0
        if count < 3:
            deaths.write_text("x" * (count + 1))
            os.kill(os.getpid(), signal.SIGKILL)


class Talks(Appends):
    """Prints what it should keep to itself."""

    def log(self, records):
        sys.stdout.write(f"the token is {os.environ['TEST_API_TOKEN']}\n")
        super().log(records)


def received(folder: Path, name: str) -> list[dict]:
    """The records of one run, as they arrived."""
    path = folder / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def facts(folder: Path, name: str) -> list[dict]:
    """What was said of one run."""
    return [json.loads(line) for line in (folder / f"{name}.facts.jsonl").read_text().splitlines()]


def _line(record) -> str:
    values = {
        "number": record.number,
        "phase": record.phase,
        "step": record.step,
        "metrics": dict(record.metrics),
    }
    return strict_json(values) + "\n"

"""The processors and devices that the jobs of one launcher share."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from mlkernel.launcher.launcher import Resources
from mlkernel.launcher.local_config import LocalConfig


def usable_cpus() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0))


def visible_gpus(environment: Mapping[str, str] = os.environ, devices: Path = Path("/dev")) -> list[str]:
    """The devices that this process may use, as ``CUDA_VISIBLE_DEVICES`` names them.

    Looked for without a library and without touching a device: what that variable says, or else the device files.
    """
    chosen = environment.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return [name.strip() for name in chosen.split(",") if name.strip() not in {"", "-1"}]
    return [str(number) for number in range(len(list(devices.glob("nvidia[0-9]*"))))]


class Slots:
    """Counts who uses what."""

    def __init__(self, cpus: int, gpus: Sequence[str]) -> None:
        self.cpus = cpus
        self.gpus = tuple(gpus)
        self._used: dict[str, tuple[int, tuple[str, ...]]] = {}

    @classmethod
    def of(cls, config: LocalConfig) -> Self:
        """Those that *config* says, and for what it leaves open those of the machine."""
        gpus = visible_gpus() if config.gpus is None else config.gpus
        names = range(gpus) if isinstance(gpus, int) else gpus
        return cls(config.cpus or usable_cpus(), [str(name) for name in names])

    def refusal(self, resources: Resources) -> str | None:
        """What a job of *resources* asks for and can never have; ``None`` when it fits."""
        for noun, asked, there in (
            ("cpus", resources.cpus, self.cpus),
            ("gpus", resources.gpus, len(self.gpus)),
        ):
            if asked > there:
                return f"{asked} {noun}, of {there} that there are"
        return None

    def take(self, key: str, resources: Resources) -> tuple[str, ...] | None:
        """Give a job what it asks for, and return its devices; ``None`` when it must wait."""
        taken = {gpu for _, gpus in self._used.values() for gpu in gpus}
        free = [gpu for gpu in self.gpus if gpu not in taken]
        cpus = self.cpus - sum(cpus for cpus, _ in self._used.values())
        if resources.cpus > cpus or resources.gpus > len(free):
            return None
        return self.occupy(key, resources.cpus, free[: resources.gpus])

    def occupy(self, key: str, cpus: int, gpus: Sequence[str]) -> tuple[str, ...]:
        """Note that a job uses these, whether or not there are as many."""
        self._used[key] = (cpus, tuple(gpus))
        return tuple(gpus)

    def free(self, key: str) -> None:
        """A job is over."""
        self._used.pop(key, None)

    @property
    def holders(self) -> list[str]:
        """Keys of the jobs that use something."""
        return list(self._used)

"""Random generators of torch whose states are part of a run's checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from mlkernel import Run


def torch_generator(run: Run, name: str, device: torch.device | str = "cpu") -> torch.Generator:
    """Make a generator of its own, seeded from the run's stream *name*, whose state is kept in checkpoints.

    Two generators of one run are independent. Draw from it inside the run's loops: a resumed attempt gets it in the
    state of the checkpoint at once.
    """
    generator = torch.Generator(device)
    generator.manual_seed(run.random(name).seed_value)
    run.keep(f"torch.generator.{name}", GeneratorState(generator))
    return generator


class GeneratorState:
    """One generator as something that has a state."""

    def __init__(self, generator: torch.Generator) -> None:
        self._generator = generator

    def state_dict(self) -> dict[str, Tensor]:
        """Return the state, a uint8 tensor."""
        return {"state": self._generator.get_state()}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Take up a state that :meth:`state_dict` gave."""
        self._generator.set_state(state["state"])


class GlobalGenerators:
    """The generators that torch uses where none is named: the CPU's and those of all CUDA devices.

    A resumed attempt draws initial weights and the like once more, so the states of a checkpoint are put back where
    they were taken: on entering the loop that was then being run.
    """

    def __init__(self) -> None:
        self._active: list[str] = []
        self._restored: dict[str, Any] | None = None

    def state_dict(self) -> dict[str, Any]:
        """Return the states by kind of device, uint8 tensors, and the innermost phase that is being run."""
        state: dict[str, Any] = {
            "phase": self._active[-1] if self._active else None,
            "cpu": [torch.get_rng_state()],
        }
        if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
            state["cuda"] = torch.cuda.get_rng_state_all()
        return state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Remember what :meth:`state_dict` gave until its phase is entered."""
        self._restored = state

    def phase_started(self, phase: str) -> None:
        """Note that *phase* is entered, and put the remembered states back if it is theirs."""
        self._active.append(phase)
        if self._restored is not None and self._restored["phase"] in {phase, None}:
            _put_back(self._restored)
            self._restored = None

    def phase_ended(self, phase: str) -> None:
        """Note that *phase* is left."""
        self._active.remove(phase)


def _put_back(state: dict[str, Any]) -> None:
    """Set the generators of the CPU and of as many CUDA devices as this machine has."""
    torch.set_rng_state(state["cpu"][0])
    for index, device_state in enumerate(state.get("cuda", [])):
        if index < torch.cuda.device_count():
            torch.cuda.set_rng_state(device_state, index)

"""Random generators of torch whose states are part of a run's checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from mlkernel import Run


def torch_generator(run: Run, name: str, device: torch.device | str = "cpu") -> torch.Generator:
    """Make a generator of its own, seeded from the run's stream *name*, whose state is kept in checkpoints.

    Two generators of one run are independent. As with the run's own streams, what is drawn during set-up is the same in
    every attempt, and a resumed attempt's generator stands where the checkpoint was made once its loop is entered.
    """
    generator = torch.Generator(device)
    generator.manual_seed(run.random(name).seed_value)
    run.keep(f"torch.generator.{name}", GeneratorState(generator), at_loop=True)
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
    """The generators that torch uses where none is named: the CPU's and those of all CUDA devices."""

    def state_dict(self) -> dict[str, list[Tensor]]:
        """Return the states by kind of device, uint8 tensors."""
        state = {"cpu": [torch.get_rng_state()]}
        if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
            state["cuda"] = torch.cuda.get_rng_state_all()
        return state

    def load_state_dict(self, state: dict[str, list[Tensor]]) -> None:
        """Take up what :meth:`state_dict` gave, for as many CUDA devices as this machine has."""
        torch.set_rng_state(state["cpu"][0])
        for index, device_state in enumerate(state.get("cuda", [])):
            if index < torch.cuda.device_count():
                torch.cuda.set_rng_state(device_state, index)

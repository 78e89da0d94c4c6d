"""Generators of their own: independent by name, equal by seed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from mlkernel_torch import compile_when_it_pays, torch_generator
from mlkernel_torch.generators import GeneratorState, GlobalGenerators


class Streams:
    """What a generator asks of a run: a seed for a name, and a place in the checkpoints."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    def random(self, name: str) -> Any:
        return SimpleNamespace(seed_value=sum(name.encode()))

    def keep(self, name: str, stateful: Any, *, at_loop: bool) -> None:
        assert at_loop
        self.kept[name] = stateful


def draw(generator: torch.Generator) -> list[float]:
    return torch.rand(4, generator=generator).tolist()


def test_a_name_gives_the_same_numbers_and_another_name_others() -> None:
    run: Any = Streams()
    first, again, other = (draw(torch_generator(run, name)) for name in ("order", "order", "noise"))
    assert first == again
    assert first != other


def test_a_kept_state_goes_on_where_it_was() -> None:
    run: Any = Streams()
    generator = torch_generator(run, "order")
    state = run.kept["torch.generator.order"].state_dict()
    expected = draw(generator)
    later = torch.Generator()
    GeneratorState(later).load_state_dict(state)
    assert draw(later) == expected


def test_global_states_go_on_where_they_were() -> None:
    state = GlobalGenerators().state_dict()
    expected = torch.rand(3)
    GlobalGenerators().load_state_dict(state)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.filterwarnings("ignore:.*script_method:DeprecationWarning")  # of torch, by its own compiler
def test_whether_to_compile_is_decided_by_the_configuration() -> None:
    def double(x: torch.Tensor) -> torch.Tensor:
        return 2 * x

    assert compile_when_it_pays(double, policy="never", calls=10**9) is double
    assert compile_when_it_pays(double, policy="auto", calls=100) is double
    assert compile_when_it_pays(double, policy="auto", calls=10**9) is not double
    assert compile_when_it_pays(double, policy="always", calls=1) is not double

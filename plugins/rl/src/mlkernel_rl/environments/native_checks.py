"""Conformance checks of native environments, behind ``kernel plugin check --kind environment NAME``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from mlkernel.testing import Check, CheckFailed

if TYPE_CHECKING:
    from mlkernel.testing import Component
    from mlkernel_rl.environments.native import NativeEnvironment

_COUNT = 16


def native_environment_checks(component: Component, overrides: Sequence[str] = ()) -> Iterator[Check]:
    """Yield the checks of a native environment."""
    for name, check in (
        ("shapes_and_types_are_as_declared", _check_shapes),
        ("torch_computes_what_numpy_does", _check_torch),
        ("environments_do_not_depend_on_each_other", _check_independence),
    ):
        yield Check(name, partial(check, component))


def _check_shapes(component: Component) -> None:
    """Observations, rewards and ends have the declared shapes; states keep theirs."""
    environment, state = _started(component)
    observation = environment.observe(state, _numpy())
    _expect(observation.shape == (_COUNT, environment.observation_size), f"observe gives {observation.shape}")
    _expect(str(observation.dtype) == "float32", f"observations are {observation.dtype}, not float32")
    moved, reward, terminated = environment.step(state, _actions(environment), _numpy())
    _expect(reward.shape == (_COUNT,), f"rewards have the shape {reward.shape}, not {(_COUNT,)}")
    _expect(str(terminated.dtype) == "bool", f"terminated is {terminated.dtype}, not bool")
    _expect(set(moved) == set(state), f"step turns a state of {sorted(state)} into one of {sorted(moved)}")
    for name, value in state.items():
        same = moved[name].shape == value.shape and moved[name].dtype == value.dtype
        _expect(same, f"step changes shape or type of {name!r}: {value.dtype} becomes {moved[name].dtype}")


def _check_torch(component: Component) -> None:
    """One step in torch is the step in NumPy."""
    import numpy as np
    import torch

    environment, state = _started(component)
    action = _actions(environment)
    moved, reward, _ = environment.step(state, action, np)
    tensors = {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in state.items()}
    moved_tensors, rewards, _ = environment.step(tensors, torch.from_numpy(action), torch)
    seen, expected = environment.observe(moved_tensors, torch), environment.observe(moved, np)
    _expect(np.allclose(seen, expected, atol=1e-4), "observations in torch differ from those in NumPy")
    _expect(np.allclose(rewards, reward, atol=1e-4), "rewards in torch differ from those in NumPy")


def _check_independence(component: Component) -> None:
    """An environment alone does what it does among others."""
    import numpy as np

    environment, state = _started(component)
    action = _actions(environment)
    together = environment.observe(environment.step(state, action, np)[0], np)
    alone = {name: value[:1] for name, value in state.items()}
    single = environment.observe(environment.step(alone, action[:1], np)[0], np)
    _expect(
        np.allclose(single, together[:1], atol=1e-6), "a step depends on the other environments of the batch"
    )


def _started(component: Component) -> tuple[NativeEnvironment, dict[str, Any]]:
    environment: NativeEnvironment = component.factory()()
    random = _numpy().random.default_rng(0).random((_COUNT, environment.random_size), dtype="float32")
    return environment, environment.reset(random, _numpy())


def _actions(environment: NativeEnvironment) -> Any:
    from mlkernel_rl.environments.spaces import DiscreteActions

    numpy, actions = _numpy(), environment.actions
    if isinstance(actions, DiscreteActions):
        return numpy.arange(_COUNT) % actions.count
    return numpy.broadcast_to(actions.high, (_COUNT, actions.size)).astype("float32") * 0.5


def _numpy() -> Any:
    import numpy

    return numpy


def _expect(condition: bool, message: str) -> None:
    if not condition:
        raise CheckFailed(message)

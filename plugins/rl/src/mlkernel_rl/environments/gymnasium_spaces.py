"""Gymnasium spaces translated: observations become flat float32 vectors, actions an :data:`ActionSpace`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from gymnasium import spaces

from mlkernel import UsageError
from mlkernel_rl.environments.spaces import ActionSpace, BoxActions, DiscreteActions, FloatArray

Encoder = Callable[[Any], FloatArray]


class UnsupportedSpaceError(UsageError):
    """An environment observes or acts in a space that the trainer cannot handle."""


def observation_encoder(space: spaces.Space[Any]) -> tuple[int, Encoder]:
    """Return the length D of an encoded observation and the function that encodes one into float32 [D].

    :raises UnsupportedSpaceError: the space is neither Box nor Discrete.
    """
    if isinstance(space, spaces.Discrete):
        start, identity = int(space.start), np.eye(int(space.n), dtype=np.float32)
        return int(space.n), lambda observation: identity[int(observation) - start]
    if not isinstance(space, spaces.Box):
        raise _unsupported("observation", space, "Box and Discrete", "gymnasium.wrappers.FlattenObservation")
    size = int(np.prod(space.shape))
    if space.shape == (size,) and space.dtype == np.float32:
        return size, lambda observation: observation
    return size, lambda observation: np.asarray(observation, np.float32).reshape(size)


def action_space(space: spaces.Space[Any]) -> ActionSpace:
    """Translate an action space.

    :raises UnsupportedSpaceError: the space is neither Box nor Discrete.
    """
    if isinstance(space, spaces.Discrete):
        return DiscreteActions(int(space.n), int(space.start))
    if isinstance(space, spaces.Box):
        low, high = (np.asarray(bound, np.float32).reshape(-1) for bound in (space.low, space.high))
        return BoxActions(low, high, space.shape)
    raise _unsupported("action", space, "Discrete and Box", "gymnasium.wrappers.TransformAction")


def _unsupported(role: str, space: spaces.Space[Any], supported: str, wrapper: str) -> UnsupportedSpaceError:
    return UnsupportedSpaceError(
        f"the environment's {role} space is {space}; supported are {supported}",
        hint=f"Wrap the environment, for example with {wrapper}, and name your factory: "
        "env.name=package.module:factory",
    )

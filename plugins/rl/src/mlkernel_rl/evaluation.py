"""Evaluation: whole episodes under the most probable actions, with normalisation frozen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlkernel_rl.environments.gymnasium_spaces import action_space, observation_encoder
from mlkernel_rl.environments.spaces import Array, BoxActions
from mlkernel_rl.environments.vector import VectorEnvironment
from mlkernel_rl.policy import Policy

if TYPE_CHECKING:
    import gymnasium

_FRAMES_PER_SECOND = 30  # of an environment that does not tell


def episode_returns(environment: VectorEnvironment, policy: Policy) -> Array:
    """Return the undiscounted return of the next episode of each environment, [N].

    Every environment must be at the start of an episode. Those that end earlier go on and are not counted.
    """
    actions = environment.actions
    bounds = (actions.low, actions.high) if isinstance(actions, BoxActions) else None
    returns, running = np.zeros(environment.count), np.ones(environment.count, np.bool_)
    observation = environment.observe()
    while running.any():
        action = policy(observation, None)
        observation, reward, terminated, truncated, _ = environment.step(
            action if bounds is None else np.clip(action, *bounds)
        )
        returns += reward * running
        running &= ~(terminated | truncated)
    return returns


def record_episode(environment: gymnasium.Env[Any, Any], policy: Policy, seed: int, path: Path) -> float:
    """Write one episode as an animated GIF, every other frame at the environment's own speed, and return its return.

    :param environment: renders ``rgb_array`` frames.
    :param policy: as trained; its most probable actions are taken.
    :param seed: of the environment's reset.
    :raises ImportError: Pillow is missing.
    """
    from PIL import Image

    _, encode = observation_encoder(environment.observation_space)
    actions = action_space(environment.action_space)
    observation, _ = environment.reset(seed=seed)
    frames, total, over = [environment.render()], 0.0, False
    while not over:
        chosen = policy(encode(observation)[None], None)[0]
        action = (
            np.clip(chosen, actions.low, actions.high).reshape(actions.shape)
            if isinstance(actions, BoxActions)
            else int(chosen) + actions.start
        )
        observation, reward, terminated, truncated, _ = environment.step(action)
        total, over = total + float(reward), terminated or truncated
        frames.append(environment.render())
    images = [Image.fromarray(np.asarray(frame)) for frame in frames[::2]]
    milliseconds = 2000 // (environment.metadata.get("render_fps") or _FRAMES_PER_SECOND)
    images[0].save(path, save_all=True, append_images=images[1:], duration=milliseconds, loop=0)
    return total

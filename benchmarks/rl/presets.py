"""The two sets of hyper-parameters under which everything is compared: CartPole-v1, two networks of 2x64 tanh units."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Preset:
    """PPO's hyper-parameters."""

    environments: int
    steps: int
    epochs: int
    minibatches: int
    lr: float
    gamma: float
    gae_lambda: float
    entropy: float
    clip_value: bool
    anneal_clip: bool

    @property
    def batch(self) -> int:
        """Environment steps in one iteration."""
        return self.environments * self.steps


PRESETS = {
    # RL Baselines3 Zoo, CartPole-v1
    "zoo": Preset(8, 32, 20, 1, 1e-3, 0.98, 0.8, 0.0, False, True),
    # CleanRL, ppo.py
    "cleanrl": Preset(4, 128, 4, 4, 2.5e-4, 0.99, 0.95, 0.01, True, False),
}


def overrides(preset: Preset, steps: int) -> list[str]:
    """Return the preset as arguments of ``kernel run --trainer ppo``, training and nothing else."""
    values = {
        "iterations": steps // preset.batch,
        "env.count": preset.environments,
        "steps": preset.steps,
        "epochs": preset.epochs,
        "minibatches": preset.minibatches,
        "lr": preset.lr,
        "gamma": preset.gamma,
        "gae_lambda": preset.gae_lambda,
        "entropy_coefficient": preset.entropy,
        "clip_value": str(preset.clip_value).lower(),
        "clip_schedule": "linear" if preset.anneal_clip else "constant",
        "evaluate_every": "null",
        "test_episodes": 0,
        "learning_curve": "false",
    }
    return [f"{name}={value}" for name, value in values.items()]

"""PPO of Stable-Baselines3 through its public interface, under a preset.

Prints the first step at which the mean return of the newest 100 training episodes reached 475.
"""

from __future__ import annotations

import argparse
import json

import torch
from presets import PRESETS
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_vec_env


class FirstSolved(BaseCallback):
    """Notes when the newest 100 episodes first had a mean return of 475."""

    step: int | None = None

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        newest = [episode["r"] for episode in self.model.ep_info_buffer or []]
        if self.step is None and len(newest) == 100 and sum(newest) / 100 >= 475:
            self.step = self.num_timesteps


def main() -> None:
    """Train."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--preset", choices=PRESETS, default="zoo")
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    preset = PRESETS[arguments.preset]
    torch.set_num_threads(1)
    model = PPO(
        "MlpPolicy",
        make_vec_env("CartPole-v1", n_envs=preset.environments, seed=arguments.seed),
        n_steps=preset.steps,
        batch_size=preset.batch // preset.minibatches,
        n_epochs=preset.epochs,
        gamma=preset.gamma,
        gae_lambda=preset.gae_lambda,
        learning_rate=lambda remaining: remaining * preset.lr,
        clip_range=(lambda remaining: remaining * 0.2) if preset.anneal_clip else 0.2,
        clip_range_vf=0.2 if preset.clip_value else None,
        ent_coef=preset.entropy,
        seed=arguments.seed,
        device="cpu",
    )
    solved = FirstSolved()
    model.learn(arguments.steps, callback=solved)
    print(json.dumps({"solved_at": solved.step}))


if __name__ == "__main__":
    main()

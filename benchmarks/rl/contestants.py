"""The programs that are compared, as command lines."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from presets import Preset, overrides

Command = Callable[[int], list[str]]
"""From a number of environment steps to a command line."""

DRIVER = Path(__file__).with_name("sb3_driver.py")


def ours(preset: Preset, backend: str, road: str) -> Command:
    """``kernel run --trainer ppo`` with a native or a Gymnasium environment, ``torch.compile`` as *road* says."""
    kernel = shutil.which("kernel", path=str(Path(sys.executable).parent)) or "kernel"
    fixed = [f"env.backend={backend}", f"torch.compile={road}", "run.progress_bar=none"]
    return lambda steps: [kernel, "run", "--trainer", "ppo", *overrides(preset, steps), *fixed]


def stable_baselines3(python: str, preset_name: str) -> Command:
    """Stable-Baselines3, installed beside *python*."""
    return lambda steps: [python, str(DRIVER), "--preset", preset_name, "--steps", str(steps)]


def cleanrl(python: str, script: Path, preset: Preset) -> Command:
    """A script with the command line of CleanRL's ``ppo.py`` or of LeanRL's scripts."""
    fixed = {
        "env-id": "CartPole-v1",
        "num-envs": preset.environments,
        "num-steps": preset.steps,
        "update-epochs": preset.epochs,
        "num-minibatches": preset.minibatches,
        "learning-rate": preset.lr,
        "gamma": preset.gamma,
        "gae-lambda": preset.gae_lambda,
        "ent-coef": preset.entropy,
    }
    words = [word for name, value in fixed.items() for word in (f"--{name}", str(value))]
    flags = ["--no-cuda"] if preset.clip_value else ["--no-cuda", "--no-clip-vloss"]
    return lambda steps: [python, str(script), "--total-timesteps", str(steps), *words, *flags]

"""The kernel's own checks of a trainer, on scripted models."""

from __future__ import annotations

import pytest
from plugins.text.tests.trainer.scripted_backend import BACKEND

from mlkernel.testing import parametrize_with_checks

OVERRIDES = [
    f"backend={BACKEND}",
    "iterations=2",
    "episodes=8",
    "test_episodes=4",
    "fine_tune.min_rows=1",
    "fine_tune.poll_seconds=0.01",
    "learning_curve=false",
]


@pytest.mark.slow
@parametrize_with_checks("expert-iteration", overrides=OVERRIDES)
def test_expert_iteration_keeps_the_contract(check):
    check()


@pytest.mark.slow
@parametrize_with_checks("prompt-evolution", overrides=OVERRIDES)
def test_prompt_evolution_keeps_the_contract(check):
    check()

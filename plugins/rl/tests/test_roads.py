"""The compiled roads compute what the eager one does, and keep the same promises.

Each graph takes most of a minute to compile: all but one of them are made by the slow tests.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from mlkernel.testing import parametrize_with_checks, run_in_process

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="compiling needs g++")

SHORT = (
    "iterations=6",
    "steps=16",
    "epochs=2",
    "minibatches=2",
    "env.count=4",
    "log_every=1",
    "evaluate_every=2",
    "evaluation_episodes=2",
    "test_episodes=2",
    "learning_curve=false",
)
NATIVE = (*SHORT, "torch.compile=always", "env.name=CartPole-v1")
GYMNASIUM = (*SHORT, "torch.compile=always", "env.name=Pendulum-v1", "env.backend=gymnasium")


@parametrize_with_checks("ppo", overrides=NATIVE)
def test_the_compiled_iteration_keeps_the_contract(check: Callable[[], None]) -> None:
    check()


@pytest.mark.slow
@parametrize_with_checks("ppo", overrides=GYMNASIUM)
def test_the_compiled_update_keeps_the_contract(check: Callable[[], None]) -> None:
    check()


@pytest.mark.slow
def test_the_compiled_update_computes_what_the_eager_one_does(tmp_path: Path) -> None:
    short = [
        *GYMNASIUM,
        "iterations=2",
        "normalise_observations=true",
        "normalise_rewards=true",
        "clip_value=true",
    ]
    compiled = run_in_process("ppo", short, runs=tmp_path)
    eager = run_in_process("ppo", [*short, "torch.compile=never"], runs=tmp_path)
    assert (compiled.state, eager.state) == ("finished", "finished")
    assert compiled.trainer_state()["road"] != eager.trainer_state()["road"]
    expected = eager.trainer_state()["modules"]["loss_module"]
    for name, parameter in compiled.trainer_state()["modules"]["loss_module"].items():
        torch.testing.assert_close(parameter, expected[name], rtol=1e-3, atol=1e-5)


@pytest.mark.slow
def test_a_native_environment_with_normalisation_is_compiled_whole(tmp_path: Path) -> None:
    short = [*SHORT, "torch.compile=always", "env.name=Pendulum-v1"]
    run = run_in_process(
        "ppo", [*short, "normalise_observations=true", "normalise_rewards=true"], runs=tmp_path
    )
    assert run.state == "finished", run.error
    state = run.trainer_state()
    assert state["normalisation"]["observations"]["count"] == 6 * 16 * 4
    assert abs(state["normalisation"]["observations"]["mean"][2]) < 8

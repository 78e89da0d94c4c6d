"""Wrong input is told as what was wrong, where, and what to do."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from mlkernel import KernelError, UsageError
from mlkernel.testing import run_in_process


def message(error: KernelError | None) -> str:
    return f"{error} {getattr(error, 'hint', '')} {getattr(error, '__cause__', '')}"


def failure(overrides: list[str], runs: Path) -> str:
    """Return all that the user is told, whether it is raised at once or fails the run."""
    try:
        run = run_in_process("ppo", ["iterations=1", *overrides], runs=runs)
    except KernelError as error:
        return message(error)
    assert run.state == "failed"
    return message(run.error)


def test_an_unknown_environment_is_named_with_what_comes_close(tmp_path: Path) -> None:
    told = failure(["env.name=CartPol-v1"], tmp_path)
    assert "CartPol-v1" in told
    assert "CartPole-v1" in told


def test_an_unknown_native_environment_is_refused(tmp_path: Path) -> None:
    assert "Acrobot-v1" in failure(["env.name=Acrobot-v1", "env.backend=native"], tmp_path)


def test_a_factory_must_make_an_environment(tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text("def factory():\n    return 7\n")
    told = failure([f"env.name={tmp_path}/wrong.py:factory"], tmp_path / "runs")
    assert "returned 7" in told
    assert "gymnasium.Env" in told


def test_an_argument_that_the_environment_does_not_take_is_told(tmp_path: Path) -> None:
    assert "colour" in failure(["env.name=CartPole-v1", 'env.kwargs={"colour": 1}'], tmp_path)


DICTIONARY = """
import gymnasium


class Dictionary(gymnasium.Env):
    observation_space = gymnasium.spaces.Dict(a=gymnasium.spaces.Discrete(2))
    action_space = gymnasium.spaces.Discrete(2)
"""


def test_an_observation_space_that_is_not_flat_is_refused_with_the_wrapper_to_use(tmp_path: Path) -> None:
    (tmp_path / "dictionary.py").write_text(DICTIONARY)
    with pytest.raises(UsageError, match=r"observation space is Dict[\s\S]*FlattenObservation"):
        run_in_process("ppo", [f"env.name={tmp_path}/dictionary.py:Dictionary"], runs=tmp_path / "runs")


@pytest.mark.skipif(find_spec("Box2D") is not None, reason="asks for a package that is not there")
def test_a_package_that_the_environment_needs_is_named_with_how_to_install_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"LunarLander-v3: Box2D[\s\S]*pip install[\s\S]*gymnasium\[box2d\]"):
        run_in_process("ppo", ["env.name=LunarLander-v3"], runs=tmp_path)


def test_minibatches_must_divide_the_rollout(tmp_path: Path) -> None:
    told = failure(["steps=10", "env.count=3", "minibatches=4"], tmp_path)
    assert "30" in told
    assert "minibatches" in told


def test_a_loss_module_that_nobody_provides_is_named(tmp_path: Path) -> None:
    assert "no-such-loss" in failure(["loss_module=no-such-loss"], tmp_path)


@pytest.mark.parametrize("option", ["torch.dtype=float64", "torch.autocast=true"])
def test_other_precision_than_single_is_refused(option: str, tmp_path: Path) -> None:
    told = failure([option], tmp_path)
    assert option in told
    assert "float32" in told


@pytest.mark.parametrize("field", ["lr=0", "gamma=1.5", "steps=0", "env.count=0", "clip_epsilon=-1"])
def test_values_out_of_range_are_refused(field: str, tmp_path: Path) -> None:
    assert field.partition("=")[0] in failure([field], tmp_path)

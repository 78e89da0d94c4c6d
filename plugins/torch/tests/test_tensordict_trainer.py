"""The base class sets torch up, keeps its state, and resumes to the bit."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from mlkernel import UsageError
from mlkernel.testing import Check, parametrize_with_checks, run_in_process

TESTS = Path(__file__).parent
DROPOUT = f"{TESTS / 'dropout_trainer.py'}:DropoutTrainer"
CONTEXTS = f"{TESTS / 'context_trainer.py'}:ContextTrainer"


@pytest.fixture(autouse=True)
def _restored_settings() -> Iterator[None]:
    threads, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    yield
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(deterministic)


def notes(overrides: list[str], runs: Path) -> dict[str, Any]:
    run = run_in_process(CONTEXTS, ["torch.device=cpu", *overrides], runs=runs)
    assert run.error is None
    found: dict[str, Any] = json.loads((run.directory / "status.json").read_text(encoding="utf-8"))["notes"]
    return found


@parametrize_with_checks(DROPOUT, overrides=["torch.device=cpu"])
def test_a_trainer_on_torchs_own_generator_keeps_the_contract(check: Check) -> None:
    check()


def test_modules_optimizers_and_schedules_are_its_state(tmp_path: Path) -> None:
    run = run_in_process(DROPOUT, runs=tmp_path)
    state = run.trainer_state()
    assert state.keys() == {"network", "optimizer", "schedule"}
    assert state["network"]["0.weight"].shape == (8, 4)
    assert state["optimizer"]["state"][0]["momentum_buffer"].shape == (8, 4)
    assert state["schedule"]["last_epoch"] == 3


def test_contexts_by_default(tmp_path: Path) -> None:
    found = notes([], tmp_path)
    training = {
        "gradients": True,
        "threads": 1,
        "deterministic": False,
        "product": "torch.float32",
        "plain attention only": True,
    }
    assert found == {
        "dtype": "torch.float32",
        "device": "cpu",
        "train": training,
        "test": {**training, "gradients": False},
    }


def test_contexts_as_configured(tmp_path: Path) -> None:
    found = notes(
        ["torch.dtype=float64", "torch.threads=2", "torch.deterministic=true", "torch.autocast=true"],
        tmp_path,
    )
    assert found["dtype"] == "torch.float64"
    assert (found["test"]["threads"], found["test"]["deterministic"]) == (2, True)
    assert found["train"]["product"] == "torch.bfloat16"


def test_a_context_leaves_the_settings_as_they_were() -> None:
    from mlkernel_torch import TorchConfig
    from mlkernel_torch.settings import settings

    torch.set_num_threads(1)
    with settings(TorchConfig(threads=2, deterministic=True)):
        assert torch.get_num_threads() == 2
    assert torch.get_num_threads() == 1
    assert not torch.are_deterministic_algorithms_enabled()


@pytest.mark.skipif(torch.cuda.is_available(), reason="asks for a device that is not there")
@pytest.mark.parametrize("device", ["cuda", "cuda:7"])
def test_a_device_that_is_not_there_is_refused_with_what_to_do(device: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=rf"{device}[\s\S]*torch.device=cpu"):
        run_in_process(CONTEXTS, [f"torch.device={device}"], runs=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "value", ["device=tpu", "device=cuda:", "threads=0", "dtype=float8", "compile=maybe"]
)
def test_a_wrong_option_is_refused_by_its_path(value: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"trainer.torch.{value.partition('=')[0]}"):
        run_in_process(CONTEXTS, [f"torch.{value}"], runs=tmp_path)


def test_the_configuration_imports_no_torch() -> None:
    code = "import sys, mlkernel_torch; mlkernel_torch.TorchConfig(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

"""The tqdm bar keeps the contract, and shows what it is told."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from mlkernel.testing import Check, parametrize_with_checks
from mlkernel_tqdm.tqdm_bar import TqdmBar


@parametrize_with_checks("tqdm", kind="progress_bar")
def test_it_keeps_the_contract(check: Check) -> None:
    check()


def test_it_shows_phases_descriptions_and_metrics() -> None:
    stream = io.StringIO()
    bar = TqdmBar(stream)
    bar.start("ppo-1", {"train": 4, "test": 1})
    bar.phase_started("train", 4, 2, 0)
    bar.describe("train", "fitting")
    bar.advance("train", 4, {"loss": 0.25})
    bar.phase_ended("train")
    bar.close("finished")
    lines = stream.getvalue().replace("\r", "\n").splitlines()
    assert lines[0] == "ppo-1, train 4, test 1"
    assert any("50%" in line and "2/4" in line for line in lines)
    assert any("train: fitting: 100%" in line and "4/4" in line and "loss=0.25" in line for line in lines)
    assert lines[-1] == "ppo-1, finished"


def test_a_description_stays_on_one_line_and_can_be_taken_away() -> None:
    stream = io.StringIO()
    bar = TqdmBar(stream)
    bar.start("ppo-1", {})
    bar.phase_started("explore", None, 0, 0)
    bar.describe("explore", "here\nand there")
    bar.describe("explore", "")
    bar.advance("explore", 7, {})
    bar.close("finished")
    lines = stream.getvalue().replace("\r", "\n").splitlines()
    assert any(line.startswith("explore: here and there: 0it") for line in lines)
    assert any(line.startswith("explore: 7it") for line in lines)


def test_log_lines_are_written_whole_above_the_bars(capsys: pytest.CaptureFixture[str]) -> None:
    bar = TqdmBar()
    bar.start("ppo-1", {"train": 4})
    bar.phase_started("train", 4, 0, 0)
    sys.stderr.write("something")
    sys.stderr.write(" happened\n")
    bar.phase_ended("train")
    bar.close("finished")
    assert "\nsomething happened\n" in capsys.readouterr().err.replace("\r", "\n")


def test_a_run_shows_it_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from mlkernel.testing import run_in_process

    overrides = ["iterations=1", "run.progress_bar=tqdm"]
    run = run_in_process("mlkernel.testing.tiny_trainer:TinyTrainer", overrides, runs=tmp_path)
    assert run.state == "finished"
    assert f"{run.directory.name}, finished" in capsys.readouterr().err

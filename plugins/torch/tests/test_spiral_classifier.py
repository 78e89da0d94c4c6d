"""The example trainer learns, and keeps the contract."""

from __future__ import annotations

from pathlib import Path

from mlkernel.testing import Check, parametrize_with_checks, run_in_process

EXAMPLE = f"{Path(__file__).parents[1] / 'examples/spiral_classifier.py'}:SpiralClassifier"
SMALL = ["torch.device=cpu", "epochs=4", "points=100"]


@parametrize_with_checks(EXAMPLE, overrides=SMALL)
def test_it_keeps_the_contract(check: Check) -> None:
    check()


def test_it_learns(tmp_path: Path) -> None:
    run = run_in_process(EXAMPLE, ["torch.device=cpu"], runs=tmp_path)
    ((_, accuracy),) = run.metrics.series("accuracy", phase="test")
    assert accuracy > 0.95

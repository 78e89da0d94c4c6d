"""What this package promises, and what mlkernel asks of every plugin."""

from mlkernel.testing import parametrize_with_checks, run_in_process

SHORT = ["iterations=6", "steps=16", "log_every=1", "test_episodes=1"]


@parametrize_with_checks("reinforce", overrides=SHORT)
def test_trainer_keeps_the_contract(check):
    check()


@parametrize_with_checks("dots", kind="progress_bar")
def test_progress_bar_keeps_the_contract(check):
    check()


def test_it_learns_to_balance_the_pole(tmp_path):
    run = run_in_process("reinforce", ["iterations=60"], runs=tmp_path)
    assert run.metrics.series("test_return")[-1][1] > 100

import pytest
from core.tests.plots.recorded_run import record_run, rising_returns

from mlkernel.cli.main import main
from mlkernel.records.status import Status


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("MLKERNEL_RUNS", str(tmp_path / "runs"))
    monkeypatch.chdir(tmp_path)
    for seed in range(2):
        record_run(tmp_path / "runs", f"ppo-{seed}", seed=seed, records=rising_returns(seed, points=10))
    shy = [("train", 0, 1.0, {"loss": 1.0, "accuracy": 0.5})]
    record_run(tmp_path / "runs", "shy", status=Status(), records=shy)
    record_run(tmp_path / "runs", "plain", status=Status(), records=[("train", 0, 1.0, {"loss": 1.0})])
    return tmp_path


def test_draws_what_the_runs_report_and_prints_where(runs, capsys):
    assert main(["plot", "ppo-0", "ppo-1", "-o", "pictures/curve.svg"]) == 0
    assert capsys.readouterr().out == "pictures/curve.svg\n"
    picture = (runs / "pictures" / "curve.svg").read_text()
    assert "ppo (2 seeds)" in picture
    assert "return (train)" in picture


def test_draws_what_is_asked_over_what_is_asked(runs):
    words = ["--metric", "loss", "-m", "return", "--x", "frames", "--smooth", "0.5", "--title", "A title"]
    assert main(["plot", "ppo-0", *words, "--output", "curve.svg"]) == 0
    picture = (runs / "curve.svg").read_text()
    assert all(label in picture for label in ("loss (train)", "return (train)", ">frames<", "A title"))


def test_the_only_metric_is_drawn_though_it_was_not_reported(runs):
    assert main(["plot", "plain", "-o", "curve.svg"]) == 0
    assert "loss (train)" in (runs / "curve.svg").read_text()


def test_a_run_named_twice_is_drawn_once(runs):
    assert main(["plot", "ppo-0", "runs/ppo-0", "-o", "curve.svg"]) == 0
    assert "2 runs" not in (runs / "curve.svg").read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["ppo-0", "-m", "los"], "Did you mean loss? There are: return, frames, loss"),
        (["shy"], "Name it with --metric. There are: loss, accuracy"),
        (["ppo-0", "-o", "curve.jpg"], "ends in .png, .svg, .pdf"),
        (["ppo-0", "--smooth", "2"], "weight of the past"),
        (["ppo-9"], "no run 'ppo-9'"),
    ],
)
def test_wrong_input_is_explained(capsys, words, message):
    assert main(["plot", *words]) == 2
    assert message in capsys.readouterr().err

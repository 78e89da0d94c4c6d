import sys

import pytest

from mlkernel import draw_learning_curve
from mlkernel.errors import UnknownNameError, UsageError

from .recorded_run import record_run, rising_returns

MAGIC = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}


@pytest.fixture
def runs(tmp_path):
    low = {"lr": 0.1, "env": {"name": "X"}}
    return [
        *(
            record_run(tmp_path, f"a{seed}", seed=seed, records=rising_returns(seed)).path
            for seed in range(3)
        ),
        record_run(tmp_path, "b0", values=low, records=rising_returns(7, points=20)).path,
    ]


@pytest.mark.parametrize("suffix", MAGIC)
def test_the_suffix_chooses_the_format(runs, tmp_path, suffix):
    picture = tmp_path / f"curve{suffix}"
    draw_learning_curve(picture, runs[:1], "return")
    assert picture.read_bytes().startswith(MAGIC[suffix])


def test_seeds_become_one_curve_and_configurations_are_told_apart(runs, tmp_path):
    picture = tmp_path / "curve.svg"
    draw_learning_curve(picture, runs, ["return", "loss"], x="frames", title="CartPole")
    text = picture.read_text()
    for label in (">CartPole<", ">return (train)<", ">loss (train)<", ">frames<", "(3 seeds)", "lr = 0.1"):
        assert label in text
    assert text.count("(3 seeds)") == 2


@pytest.mark.parametrize(
    ("arguments", "drawn", "not_drawn"),
    [
        ({"x": "time"}, ["ppo, train", "ppo, test"], []),
        ({"x": "iteration"}, ["return (train)"], ["test"]),
        ({"x": "iteration", "phase": "test"}, ["return (test)"], ["train"]),
        ({"x": "time", "phase": "test"}, ["return (test)"], ["train)"]),
    ],
)
def test_a_metric_of_two_phases(tmp_path, arguments, drawn, not_drawn):
    records = [("test", 0, 0.5, {"return": 2.0}), *(("train", i, 1.0 + i, {"return": 1.0}) for i in range(3))]
    run = record_run(tmp_path, "ppo-1", records=records).path
    draw_learning_curve(tmp_path / "curve.svg", [run], "return", **arguments)
    picture = (tmp_path / "curve.svg").read_text()
    assert all(label in picture for label in drawn)
    assert not any(label in picture for label in not_drawn)


def test_the_same_runs_give_the_same_file(runs, tmp_path):
    for name in ("one.svg", "two.svg"):
        draw_learning_curve(tmp_path / name, runs, "return", x="time", smooth=0.9)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_values_that_are_not_finite_leave_a_gap(tmp_path):
    records = [("train", i, float(i), {"loss": [1.0, float("nan"), float("inf"), 0.5][i]}) for i in range(4)]
    for number in range(2):
        record_run(tmp_path, f"ppo-{number}", seed=number, records=records)
    draw_learning_curve(tmp_path / "curve.png", [tmp_path / "ppo-0", tmp_path / "ppo-1"], "loss")
    assert (tmp_path / "curve.png").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"metrics": "retrun"}, "no metric 'retrun'\n.*Did you mean return.*return, frames, loss"),
        ({"x": "itertion"}, "no x axis 'itertion'\n.*Did you mean iteration"),
        ({"phase": "tain"}, "no phase 'tain'\n.*Did you mean train"),
    ],
)
def test_unknown_names_are_answered_with_what_there_is(runs, tmp_path, arguments, message):
    with pytest.raises(UnknownNameError, match=message):
        draw_learning_curve(tmp_path / "curve.png", runs, **{"metrics": "return", **arguments})


@pytest.mark.parametrize(
    ("name", "smooth", "message"),
    [("curve.gif", 0.0, r"ends in \.png"), ("curve.png", 1.0, "weight of the past")],
)
def test_what_cannot_be_drawn_is_refused(runs, tmp_path, name, smooth, message):
    with pytest.raises(UsageError, match=message):
        draw_learning_curve(tmp_path / name, runs, "return", smooth=smooth)


def test_a_run_that_logged_nothing_says_so(tmp_path):
    run = record_run(tmp_path, "ppo-1").path
    with pytest.raises(UnknownNameError, match="nothing was logged"):
        draw_learning_curve(tmp_path / "curve.png", [run], "return")


def test_without_matplotlib_the_message_tells_what_to_install(runs, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(UsageError, match=r"mlkernel\[plot\]"):
        draw_learning_curve(tmp_path / "curve.png", runs, "return")

"""Functions as targets, in workers that are processes of their own."""

from __future__ import annotations

import textwrap

import pytest

from mlkernel.study.worker.messages import Continue, Pause, Stop

from .small_driver import order, train

OBJECTIVES = """
def returns_number(config):
    return (config["x"] - 3) ** 2

def returns_metrics(config):
    return {"loss": config["x"], "accuracy": 0.5}

def reports(config, reporter):
    for step in range(1, 6):
        reporter(step=10 * step, loss=1 / step)

def counts(config, reporter):
    for _ in range(3):
        reporter(loss=config["net"]["width"])

def sums(config):
    return config["x"] + sum(config["net"].values())

def in_context(config, reporter, *, seed, fold, folds):
    import random
    reporter(loss=seed, fold=fold, folds=folds, drawn=random.random())
    return {"loss": seed}
"""


@pytest.fixture
def study(tmp_path):
    (tmp_path / "objectives.py").write_text(textwrap.dedent(OBJECTIVES))
    return tmp_path


def named(study, function, **fields):
    return order(study, f"./objectives.py:{function}", **fields)


def test_what_a_function_returns_is_its_report(study):
    driver = train(study, named(study, "returns_number", parameters={"x": 5.0}))
    assert [(one.step, one.values) for one in driver.reports] == [(1.0, (4.0,))]
    assert driver.end.state == "finished"
    assert driver.end.report == driver.reports[0], "one message says both"
    assert driver.end.peak_memory_mb > 1


def test_one_worker_trains_one_run_after_the_other(study):
    driver = train(study, *[named(study, "returns_metrics", trial=n, parameters={"x": n}) for n in range(4)])
    assert driver.values == [0, 1, 2, 3]
    assert [end.metrics["accuracy"] for end in driver.ends] == [0.5] * 4
    assert len(driver.hellos) == 1


def test_a_function_reports_steps_of_its_own(study):
    driver = train(study, named(study, "reports"))
    assert [one.step for one in driver.reports] == [10, 20, 30, 40, 50]


def test_steps_are_counted_where_they_are_not_given(study):
    driver = train(study, named(study, "counts", set={"net": {"depth": 2}}, parameters={"net/width": 7}))
    assert [(one.step, one.values[0]) for one in driver.reports] == [(1, 7), (2, 7), (3, 7)]


@pytest.mark.parametrize(("answer", "state"), [(Stop(reason="rung 20"), "stopped"), (Pause(), "paused")])
def test_the_answer_to_a_report_ends_the_run(study, answer, state):
    driver = train(
        study, named(study, "reports"), decide=lambda one: answer if one.step == 20 else Continue()
    )
    assert [one.step for one in driver.reports] == [10, 20]
    assert driver.end.state == state


@pytest.mark.parametrize(
    ("limits", "state"),
    [({"until": 20}, "paused"), ({"max_step": 20}, "finished"), ({"until": 50}, "paused")],
)
def test_a_run_ends_at_the_step_it_was_given(study, limits, state):
    driver = train(study, named(study, "reports", **limits))
    assert driver.reports[-1].step == min(limits.values())
    assert driver.end.state == state


def test_seed_and_fold_are_given_by_name_and_seed_the_shared_generators(study):
    driver = train(
        study,
        *[
            named(study, "in_context", trial=n, seed=seed, fold=1, folds=5)
            for n, seed in enumerate([7, 7, 8])
        ],
    )
    first, second, third = (one.metrics for one in driver.reports)
    assert (first["fold"], first["folds"]) == (1, 5)
    assert first["drawn"] == second["drawn"] != third["drawn"]
    assert len(driver.reports) == 3, "what was reported last and is returned, too, counts once"


def test_objectives_keep_their_order(study):
    both = named(
        study, "returns_metrics", objectives=[["accuracy", "max"], ["loss", "min"]], parameters={"x": 2}
    )
    assert train(study, both).reports[0].values == (0.5, 2)


def test_later_values_lie_over_earlier_ones_key_by_key(study):
    (study / "base.toml").write_text("x = 1\n[net]\nwidth = 2\ndepth = 3\n")
    (study / "more.yaml").write_text("net: {width: 4}\n")
    asked = named(
        study,
        "sums",
        config=["base.toml", "more.yaml"],
        set={"net": {"depth": 5}},
        parameters={"x": 10, "net.y": 0.5},
    )
    assert train(study, asked).values == [10 + 4 + 5 + 0.5]


def test_a_configuration_that_cannot_be_read_is_no_reason_to_try_again(study):
    (study / "bad.toml").write_text("x = = 1\n")
    end = train(study, named(study, "sums", config=["bad.toml"])).end
    assert (end.state, end.retry) == ("failed", False)
    assert "bad.toml:1" in end.error


def test_a_function_of_an_installed_module(study, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(study))
    assert train(study, order(study, "objectives:returns_number", parameters={"x": 3})).values == [0]


def test_a_file_finds_its_neighbours(study):
    (study / "neighbour.py").write_text("from objectives import returns_number as again\n")
    assert train(study, order(study, "./neighbour.py:again", parameters={"x": 5})).values == [4]

"""Whatever happens to workers, trials and the scheduler itself, a study comes to its end, and to the same decisions."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkernel import SearchProblem, configure, make_trial_scheduler, parse_space
from mlkernel.testing.simulated_study import Conditions, SimulatedStudy

SCHEDULERS = [
    ("asha", []),
    ("asha", ["form=promote", "reduction_factor=2"]),
    ("successive-halving", ["trials=7", "min_step=1"]),
    ("hyperband", ["reduction_factor=2"]),
    ("bohb-hyperband", []),
    ("median", ["min_samples=2"]),
    ("pbt", ["population=4", "interval=3"]),
    ("pbt", ["population=3", "synchronous=false", "exploit=binary_tournament"]),
]


@pytest.mark.parametrize(("name", "options"), SCHEDULERS)
@settings(max_examples=10)
@given(
    conditions=st.builds(
        Conditions,
        workers=st.integers(1, 8),
        trials=st.integers(1, 25),
        seed=st.integers(0, 10**6),
        failing=st.sampled_from([0.0, 0.01, 0.1, 0.5]),
        lost=st.sampled_from([0.0, 0.05]),
        rebuilt=st.sampled_from([0.0, 0.1, 1.0]),
        compared=st.just(0.3),
    ),
    max_step=st.sampled_from([1, 5, 9, 16, 27]),
)
def test_every_study_comes_to_its_end(name, options, conditions, max_step):
    problem = SearchProblem(
        space=parse_space(["x=uniform(0,1)", "y=uniform(0,1)"]), trials=conditions.trials, max_step=max_step
    )
    config = configure("trial_scheduler", name, options).config
    study = SimulatedStudy(problem, lambda: make_trial_scheduler(name, problem, config), conditions).run()
    assert len(study.curves) == conditions.trials
    assert all(curve.state in {"finished", "stopped", "failed", "paused"} for curve in study.curves)
    steps = {(report.trial, report.step) for report in study.reports}
    assert len(steps) == len(study.reports), "no step is trained twice"
    assert max((report.step for report in study.reports), default=0) <= max_step
    if not conditions.failing:
        assert max(report.step for report in study.reports) == max_step or name == "successive-halving"

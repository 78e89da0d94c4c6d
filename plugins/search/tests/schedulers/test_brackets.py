from __future__ import annotations

import pytest

from mlkernel import (
    ConfigError,
    Continue,
    Curve,
    Curves,
    NewTrial,
    Pause,
    Promote,
    Report,
    SearchProblem,
    Stop,
    Wait,
    make_trial_scheduler,
    parse_space,
)
from mlkernel_search.schedulers.bracket_plan import BracketPlan, halving_plan, hyperband_plans
from mlkernel_search.schedulers.configs import HalvingConfig

SPACE = parse_space(["x=uniform(0,1)"])


def test_halving_has_the_numbers_of_mle_toolbox():
    assert halving_plan(20, 2, 1, None) == BracketPlan((20, 10, 5, 2, 1), (1, 2, 4, 8, 16))
    assert halving_plan(27, 3, 2, None) == BracketPlan((27, 9, 3, 1), (2, 6, 18, 54))


def test_halving_ends_at_the_last_step():
    assert halving_plan(8, 2, None, 32) == BracketPlan((8, 4, 2, 1), (4, 8, 16, 32))
    assert halving_plan(20, 2, 1, 8) == BracketPlan((20, 10, 5, 2), (1, 2, 4, 8))
    assert halving_plan(20, 2, 1, 6) == BracketPlan((20, 10, 5, 2), (1, 2, 4, 6))


def test_hyperband_has_the_brackets_of_table_1():
    """Li et al., JMLR 2018, table 1: R = 81, η = 3."""
    assert hyperband_plans(81, 3, 1) == [
        BracketPlan((81, 27, 9, 3, 1), (1, 3, 9, 27, 81)),
        BracketPlan((34, 11, 3, 1), (3, 9, 27, 81)),
        BracketPlan((15, 5, 1), (9, 27, 81)),
        BracketPlan((8, 2), (27, 81)),
        BracketPlan((5,), (81,)),
    ]


def test_hyperband_has_the_brackets_of_mle_toolbox():
    """Its defaults: max_resource 27, eta 3."""
    assert [plan.counts for plan in hyperband_plans(27, 3, 1)] == [(27, 9, 3, 1), (12, 4, 1), (6, 2), (4,)]


def test_bohb_begins_multiples_of_whole_rungs():
    plans = hyperband_plans(27, 3, 1, whole_rungs=True)
    assert [plan.counts for plan in plans] == [(27, 9, 3, 1), (9, 3, 1), (6, 2), (4,)]


def test_a_first_step_that_is_not_below_the_last_one_is_refused():
    with pytest.raises(ConfigError, match="min_step must be below"):
        hyperband_plans(9, 3, 9)


def paused(scheduler, losses, step=1.0):
    curves = Curves()
    for number, loss in enumerate(losses):
        curves.add(Curve(number=number, parameters={"x": 0.5}, state="paused", until=step))
        if loss is None:
            curves[number].state = "failed"
        else:
            curves.append(Report(number, step, loss))
    return curves


def halving(trials, max_step=None):
    config = HalvingConfig(trials=trials, min_step=1)
    return make_trial_scheduler("halving", SearchProblem(space=SPACE, max_step=max_step), config)


def go_on(curves, assignment, loss):
    """Let the promoted trial reach its rung."""
    curve = curves[assignment.trial]
    curve.until, curve.state = assignment.until, "paused"
    curves.append(Report(curve.number, assignment.until, loss))


def test_the_better_half_trains_on_once_all_have_reached_the_rung():
    scheduler = halving(4)
    curves = paused(scheduler, [0.4, 0.1, 0.3, 0.2])
    curves[3].state = "running"
    assert scheduler.assign(curves) == NewTrial(until=1.0), "the next bracket begins meanwhile"
    curves[3].state = "paused"
    for expected, loss in ((1, 0.09), (3, 0.05)):
        assignment = scheduler.assign(curves)
        assert assignment == Promote(trial=expected, until=2.0)
        go_on(curves, assignment, loss)
    assert scheduler.assign(curves) == Promote(trial=3, until=4.0)


def test_failed_trials_leave_their_places_to_others():
    scheduler = halving(4)
    curves = paused(scheduler, [None, None, None, 0.2])
    assert scheduler.assign(curves) == Promote(trial=3, until=2.0)


def test_a_bracket_that_cannot_be_filled_is_made_smaller():
    scheduler = halving(20)
    curves = paused(scheduler, [0.4, 0.1, 0.3, 0.2])
    assert scheduler.assign(curves) == NewTrial(until=1.0)
    curves.closed = True
    promoted = []
    while isinstance(assignment := scheduler.assign(curves), Promote):
        promoted.append((assignment.trial, assignment.until))
        go_on(curves, assignment, curves[assignment.trial].points[-1].loss)
    assert promoted == [(1, 2.0), (3, 2.0), (1, 4.0), (1, 8.0), (1, 16.0)]
    assert assignment == Wait()


def test_a_trial_pauses_at_its_rung_and_ends_at_the_last_one():
    scheduler = halving(2)
    curves = Curves()
    curves.add(Curve(number=0, parameters={"x": 0.5}, state="running", until=2.0))
    decisions = []
    for step in (0.5, 2.0):
        curves.append(Report(0, step, 1.0))
        decisions.append(scheduler.decide(curves, 0))
    assert decisions == [Continue(until=2.0), Stop(reason="trained to the end of its bracket")]
    curves[0].until = 1.0
    assert halving(4).decide(curves, 0) == Pause()


def test_reports_that_skip_rungs_count_at_each():
    scheduler = halving(4)
    curves = Curves()
    for number, loss in enumerate([0.4, 0.1, 0.3, 0.2]):
        curves.add(Curve(number=number, parameters={"x": 0.5}, state="paused", until=1.0))
        curves.append(Report(number, 3.0, loss))
    assert scheduler.assign(curves) == Promote(trial=1, until=4.0)

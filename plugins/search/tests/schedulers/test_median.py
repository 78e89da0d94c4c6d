from __future__ import annotations

import math

import pytest

from mlkernel import Continue, Curve, Curves, Report, SearchProblem, Stop, make_trial_scheduler, parse_space
from mlkernel_search.schedulers.configs import MedianConfig
from mlkernel_search.schedulers.median import median_of

PROBLEM = SearchProblem(space=parse_space(["x=uniform(0,1)"]), max_step=10)


def trained(losses_of_trials):
    curves = Curves()
    for number, losses in enumerate(losses_of_trials):
        curves.add(Curve(number=number, parameters={"x": 0.5}, state="running"))
        for step, loss in enumerate(losses, start=1):
            curves.append(Report(number, step, loss))
    return curves


def decision(losses_of_trials, **options):
    curves = trained(losses_of_trials)
    scheduler = make_trial_scheduler("median", PROBLEM, MedianConfig(**options))
    return scheduler.decide(curves, len(curves) - 1)


JUST_BEFORE_3 = math.nextafter(3, 0)
WHOLE = [[4, 2] + [1] * 8, [5, 3] + [1] * 8, [6, 4] + [1] * 8]


def test_the_best_loss_is_held_against_the_median_of_whole_trials_at_the_step():
    stopped = Stop(reason="step 2: 3.1 is worse than the median, 3")
    ended_early = [[0, 0], [0, 0], [0, 0]]
    assert decision([*WHOLE, *ended_early, [9, 3.1]], min_samples=3) == stopped
    assert decision([*WHOLE, *ended_early, [9, 2.9]], min_samples=3) == Continue(until=JUST_BEFORE_3)
    assert decision([*WHOLE, [2.9, 9]], min_samples=3) == Continue(until=JUST_BEFORE_3), (
        "its best counts, not its newest"
    )


def test_others_may_be_all_that_came_as_far():
    others = [[4, 2], [5, 3], [6, 4]]
    assert isinstance(decision([*others, [9, 3.1]], min_samples=3, among="all"), Stop)
    assert decision([*others, [9, 2.9]], min_samples=3, among="all") == Continue(until=JUST_BEFORE_3)


def test_others_may_count_with_their_averages():
    others = [[4, 2], [5, 3], [6, 4]]
    options = {"min_samples": 3, "among": "all", "compare": "average"}
    stopped = Stop(reason="step 2: 4.1 is worse than the median, 4")
    assert decision([*others, [9, 4.1]], **options) == stopped
    assert decision([*others, [9, 3.9]], **options) == Continue(until=JUST_BEFORE_3)


@pytest.mark.parametrize(
    ("options", "until"),
    [({"grace_period": 2}, JUST_BEFORE_3), ({"grace_period": 6}, 6), ({"min_samples": 4}, JUST_BEFORE_3)],
)
def test_nobody_is_judged_early_or_by_a_few(options, until):
    assert decision([*WHOLE, [9, 9]], **{"min_samples": 3, **options}) == Continue(until=until)


def test_between_two_intervals_nobody_waits_for_a_decision():
    options = {"min_samples": 3, "interval": 4}
    assert decision([*WHOLE, [9, 9]], **options) == Continue(until=math.nextafter(4, 0))
    assert isinstance(decision([*WHOLE, [9, 9, 9, 9]], **options), Stop)


def test_the_last_step_ends_no_trial_early():
    others = [[1] * 10] * 5
    assert decision([*others, [1] * 9 + [0]]) == Continue(until=math.nextafter(11, 0))
    bad = trained([*others, [1] * 9 + [9]])
    scheduler = make_trial_scheduler("median", PROBLEM)
    assert scheduler.decide(bad, 5) == Continue(until=math.nextafter(11, 0))
    assert scheduler.finalists(bad) == [0, 1, 2, 3, 4, 5]


def test_the_median_of_an_even_number_is_between_two():
    assert median_of([1, 2, 4]) == 2
    assert median_of([1, 2, 4, 9]) == 3

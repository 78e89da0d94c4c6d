"""Trials that were paused or ended early are compared with their like."""

from __future__ import annotations

import pytest

from mlkernel import History, Observation, SearchProblem, make_search_algorithm, parse_space

PROBLEM = SearchProblem(space=parse_space(["x=uniform(0, 1)", "y=uniform(0, 1)"]), seed=4)
LEVELS = {"tpe": 12, "evolution": 20, "cma-es": 12, "hyperopt": 20, "skopt": 12, "bohb": 12, "gp": 12}
"""Trials of each algorithm that are enough for a level."""


def trial(number: int, budget: float | None) -> Observation:
    """A trial whose loss at one budget tells nothing of that at another."""
    x = (7 * number % 50) / 50
    loss = x if budget is None else 10 / budget + (1 - x)
    return Observation(
        number=number, parameters={"x": x, "y": (number % 50) / 50}, values=[loss], budget=budget
    )


@pytest.mark.parametrize("name", sorted(LEVELS))
def test_only_what_reached_the_highest_level_of_enough_trials_is_learnt(name: str) -> None:
    enough = LEVELS[name]
    rungs = [trial(number, 1) for number in range(2 * enough)]
    highest = [trial(number, 3) for number in range(enough)]
    rising = [one for pair in zip(rungs[:enough], highest, strict=True) for one in pair]
    failed = Observation(number=99, parameters={"x": 0.5, "y": 0.5}, values=None)
    few_of_all = [trial(0, None), trial(1, None)]
    mixed = History([*rising, failed, *rungs[enough:], *few_of_all])
    alike = History([*highest, failed])
    assert proposal(name, mixed) == proposal(name, alike)


@pytest.mark.parametrize("name", sorted(LEVELS))
def test_whole_trials_are_compared_with_each_other_as_soon_as_there_are_enough(name: str) -> None:
    enough = LEVELS[name]
    partial = [trial(number, 9) for number in range(2 * enough)]
    whole = [trial(number, None) for number in range(enough)]
    assert proposal(name, History([*partial, *whole])) == proposal(name, History(whole))


def test_a_trial_that_skipped_the_level_counts_with_what_it_was_worth_later() -> None:
    rungs = [trial(number, 3) for number in range(11)]
    later = Observation(number=50, parameters={"x": 0.1, "y": 0.1}, values=[0.5], budget=9)
    there = Observation(number=50, parameters={"x": 0.1, "y": 0.1}, values=[0.5], budget=3)
    assert proposal("tpe", History([later, *rungs])) == proposal("tpe", History([there, *rungs]))


def test_a_history_that_grows_is_learnt_as_one_that_is_read_at_once() -> None:
    history, growing = [], History()
    algorithm = make_search_algorithm("tpe", PROBLEM)
    for number in range(30):
        for budget in (1, 3, 9, None)[: 1 + number % 4]:
            observation = trial(number, budget)
            history.append(observation)
            growing.append(observation)
            asked = algorithm.ask(growing, [], [200 + number])
            assert asked == make_search_algorithm("tpe", PROBLEM).ask(History(history), [], [200 + number])


def test_the_grid_repeats_nothing_that_was_paused() -> None:
    problem = SearchProblem(space=parse_space(["n=uniformint(1, 30)"]))
    history = History(
        [
            Observation(number=n, parameters={"n": n}, values=[1.0 * n], budget=budget)
            for budget in (1, 3)
            for n in range(1, 15)
        ]
    )
    for name in ("grid", "coordinate"):
        proposals = make_search_algorithm(name, problem).ask(history, [], range(20, 36))
        assert sorted(one["n"] for one in proposals) == list(range(15, 31))


def proposal(name: str, history: History) -> list[dict[str, object]]:
    return make_search_algorithm(name, PROBLEM).ask(history, [], [100])

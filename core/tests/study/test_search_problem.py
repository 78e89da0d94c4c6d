"""Problems, refinement and the choice of algorithms, with an algorithm of the tests' own."""

from __future__ import annotations

from typing import ClassVar

import attrs
import pytest
from attrs import evolve

from mlkernel import (
    Capabilities,
    ConfigError,
    History,
    Objective,
    Observation,
    SearchProblem,
    SearchSpace,
    parse_space,
    trial_random,
    trial_seed,
)
from mlkernel.study.refined_search import RefinedSearch

SPACE = parse_space(["x=uniform(0, 8)", "act=[relu, tanh]"])


class SpaceRecorder:
    """Draws points, and remembers which spaces it was made for."""

    spaces: ClassVar[list[SearchSpace]] = []

    def __init__(self, problem, config=None):
        self.problem = problem
        self.spaces.append(problem.space)

    def ask(self, history, pending, numbers):
        return [self.problem.space.sample(trial_random(self.problem.seed, number)) for number in numbers]


def observed(number, x, loss, act="relu"):
    return Observation(
        number=number, parameters={"x": x, "act": act}, values=None if loss is None else [loss]
    )


def test_seeds_depend_on_study_number_and_purpose_only():
    assert trial_seed(3, 4) == trial_seed(3, 4) == 13775778585629665524
    assert len({trial_seed(3, 4), trial_seed(4, 3), trial_seed(3, 4, "other"), trial_seed(34, 0)}) == 4


def test_losses_are_negated_where_more_is_better_and_absent_where_a_trial_failed():
    problem = SearchProblem(
        space=SPACE, objectives=[Objective(metric="a"), Objective(metric="b", mode="max")]
    )
    values = {(1.0, 2.0): (1.0, -2.0), (float("nan"), 2.0): None, (1.0, float("inf")): None}
    for given, losses in values.items():
        assert problem.losses(Observation(parameters={}, values=given)) == losses
    assert problem.losses(Observation(parameters={}, values=None)) is None


def test_points_to_evaluate_must_be_points():
    with pytest.raises(ConfigError) as error:
        SearchProblem(space=SPACE, points_to_evaluate=[{"x": 9.0}, {"y": 1}])
    assert "points_to_evaluate[0].x: 9.0 is no value of it" in str(error.value)
    assert "points_to_evaluate[1].y: no parameter of the space" in str(error.value)


def test_the_space_shrinks_around_the_best_successful_trials():
    SpaceRecorder.spaces = []
    refined = RefinedSearch(SearchProblem(space=SPACE), SpaceRecorder, refine_after=[4, 6], refine_top_k=2)
    history = History(
        [observed(0, 1.0, 5.0), observed(1, 2.0, 1.0), observed(2, 3.0, 2.0), observed(3, 4.0, None)]
    )
    refined.ask(history, [], [4])
    assert SpaceRecorder.spaces == [SPACE]
    history.append(observed(4, 8.0, 9.0))
    (point,) = refined.ask(history, [], [5])
    assert SpaceRecorder.spaces[-1] == parse_space(["x=uniform(2, 3)", "act=[relu]"])
    assert SpaceRecorder.spaces[-1].contains(point)
    for number, x in ((5, 2.5), (6, 2.6)):
        history.append(observed(number, x, 0.5))
    refined.ask(history, [], [7])
    assert SpaceRecorder.spaces[-1] == parse_space(["x=uniform(2.5, 2.6)", "act=[relu]"])
    made = len(SpaceRecorder.spaces)
    rebuilt = RefinedSearch(SearchProblem(space=SPACE), SpaceRecorder, refine_after=[4, 6], refine_top_k=2)
    assert rebuilt.ask(History(history), [], [7]) == refined.ask(history, [], [7])
    assert SpaceRecorder.spaces[-1] == SpaceRecorder.spaces[made - 1]


def test_refinement_counts_each_trial_once_and_ranks_those_first_that_were_trained_furthest():
    SpaceRecorder.spaces = []
    refined = RefinedSearch(SearchProblem(space=SPACE), SpaceRecorder, refine_after=[4], refine_top_k=2)
    rungs = [evolve(observed(number, 1.0 + number, 0.1 * number), budget=1) for number in range(3)]
    history = History([*rungs, evolve(observed(2, 3.0, 5.0), budget=3)])
    refined.ask(history, [], [4])
    assert SpaceRecorder.spaces == [SPACE]
    history.append(evolve(observed(3, 3.5, 6.0), budget=3))
    refined.ask(history, [], [4])
    assert SpaceRecorder.spaces[-1] == parse_space(["x=uniform(3, 3.5)", "act=[relu]"])


@pytest.mark.parametrize(("after", "top_k"), [([3, 2], 2), ([0], 2), ([3], 1)])
def test_refinement_without_sense_is_refused(after, top_k):
    with pytest.raises(ConfigError, match="refine"):
        RefinedSearch(SearchProblem(space=SPACE), SpaceRecorder, after, top_k)


@pytest.mark.parametrize(
    ("texts", "lacking", "words"),
    [
        (["a=[x]", "b=uniform(0,1) when a=x"], {"conditions": False}, "conditional parameters"),
        (["a=[x, y]"], {"unordered": False}, "categorical parameters"),
        (["a=uniform(0, 1)"], {"countless": False}, "continuous parameters without bins"),
        (["a=categorical([x, y], grid_search=true)"], {}, "categorical parameters with grid_search"),
    ],
)
def test_what_an_algorithm_cannot_do_is_told_in_words(texts, lacking, words):
    problem = SearchProblem(space=parse_space(texts))
    assert Capabilities(**lacking).refusals(problem) == [words]
    assert Capabilities(grid_search=True).refusals(problem) == []


def test_objectives_are_counted():
    one = SearchProblem(space=SPACE)
    two = attrs.evolve(one, objectives=[Objective(metric="a"), Objective(metric="b")])
    assert Capabilities().refusals(two) == ["several objectives"]
    assert Capabilities(single_objective=False, several_objectives=True).refusals(one) == [
        "a single objective"
    ]

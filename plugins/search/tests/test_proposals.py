"""What is particular to single algorithms, and common to all beyond the contract's checks."""

from __future__ import annotations

import random
import statistics

import pytest

from mlkernel import (
    ConfigError,
    History,
    Objective,
    Observation,
    PendingTrial,
    SearchProblem,
    make_search_algorithm,
    parse_space,
)
from mlkernel_search.auto_search import GP_UNTIL, AutoSearch
from mlkernel_search.model_memory import ModelMemory
from mlkernel_search.nsga2_search import fitness_order
from mlkernel_search.pareto import domination_ranks

LINE = parse_space(["x=uniform(0, 1)", "n=uniformint(1, 100)"])


def observations(problem, count, loss):
    rng = random.Random(1)
    points = [problem.space.sample(rng) for _ in range(count)]
    return History(
        Observation(number=number, parameters=point, values=loss(point))
        for number, point in enumerate(points)
    )


def test_the_grid_goes_on_after_what_was_tried_and_is_under_way():
    problem = SearchProblem(space=parse_space(["a=[p, q]", "b=uniformint(1, 2)"]))
    grid = make_search_algorithm("grid", problem)
    first = grid.ask(History(), [], [0, 1])
    assert first == [{"a": "p", "b": 1}, {"a": "p", "b": 2}]
    history = History([Observation(number=0, parameters=first[0], values=[1.0])])
    pending = [PendingTrial(number=1, parameters=first[1])]
    assert grid.ask(history, pending, [2, 3, 4]) == [{"a": "q", "b": 1}, {"a": "q", "b": 2}]
    assert grid.ask(history, [], [5]) == [first[1]], "a trial that was given up is proposed again"


def test_points_to_evaluate_come_first_and_are_completed():
    points = [{"x": 0.25, "n": 7}, {"n": 9}]
    problem = SearchProblem(space=LINE, points_to_evaluate=points)
    proposals = make_search_algorithm("tpe", problem).ask(History(), [], [0, 1, 2])
    assert proposals[0] == points[0]
    assert proposals[1]["n"] == 9
    assert LINE.contains(proposals[1])
    again = make_search_algorithm("tpe", problem).ask(History(), [], [1])
    assert again == [proposals[1]]


@pytest.mark.parametrize("name", ["tpe", "gp"])
def test_knowledge_from_elsewhere_leads_to_the_best_region(name):
    problem = SearchProblem(space=LINE, seed=3)
    known = observations(problem, 30, lambda point: [abs(point["x"] - 0.8) + abs(point["n"] - 20) / 100])
    foreign = History(
        Observation(parameters=observation.parameters, values=observation.values) for observation in known
    )
    proposals = make_search_algorithm(name, problem).ask(foreign, [], [0, 1, 2, 3])
    near = [point for point in proposals if abs(point["x"] - 0.8) < 0.3 and abs(point["n"] - 20) < 35]
    assert len(near) >= 3, proposals


@pytest.mark.parametrize("name", ["motpe", "optuna-gp"])
def test_two_objectives_are_followed_without_weights(name):
    problem = SearchProblem(
        space=LINE, seed=1, objectives=[Objective(metric="loss"), Objective(metric="speed", mode="max")]
    )
    history = observations(problem, 25, lambda point: [point["x"], -((point["n"] - 50) ** 2)])
    proposals = make_search_algorithm(name, problem).ask(history, [], [25, 26, 27])
    assert all(LINE.contains(point) for point in proposals)
    assert sum(point["x"] < 0.5 for point in proposals) >= 2, proposals


def test_refinement_is_asked_for_by_name():
    problem = SearchProblem(space=parse_space(["x=uniform(0, 1)"]))
    search = make_search_algorithm("random", problem, refine_after=[10], refine_top_k=3)
    history = observations(problem, 10, lambda point: [abs(point["x"] - 0.5)])
    xs = [point["x"] for point in search.ask(history, [], range(10, 40))]
    best = sorted((observation.parameters["x"] for observation in history), key=lambda x: abs(x - 0.5))[:3]
    assert min(best) <= min(xs) <= max(xs) <= max(best)


def test_what_an_algorithm_cannot_do_is_refused_with_those_that_can():
    problem = SearchProblem(space=parse_space(["a=categorical([x, y], grid_search=true)"]))
    with pytest.raises(ConfigError) as error:
        make_search_algorithm("tpe", problem)
    assert "'tpe' cannot do categorical parameters with grid_search" in str(error.value)
    assert "These can: auto, grid." in str(error.value)


def test_auto_chooses_by_space_budget_and_parallelism():
    def choice(texts, observed=0, **known):
        return AutoSearch(SearchProblem(space=parse_space(texts), **known)).choice(observed)

    assert choice(["a=[x, y]", "n=uniformint(1, 3)"], trials=6) == "grid"
    assert choice(["a=[x, y]", "n=uniformint(1, 3)"], trials=5) == "gp"
    assert choice(["x=uniform(0, 1)"]) == "gp"
    assert choice(["x=uniform(0, 1)"], observed=GP_UNTIL) == "tpe"
    assert choice(["x=uniform(0, 1)"], parallel=64) == "tpe"
    assert choice(["a=[p, q]", "x=uniform(0, 1) when a=p"]) == "gp"
    assert choice(["x=uniform(0, 1)"], objectives=[Objective(metric="a"), Objective(metric="b")]) == "tpe"
    assert choice(["a=categorical([x, y], grid_search=true)", "x=uniform(0, 1)"]) == "grid"


def test_a_long_history_is_answered_from_its_newest_and_best_part():
    memory = ModelMemory[int](
        newest=10, best=3, losses=lambda entry: None if entry % 7 == 0 else [abs(entry - 20)]
    )
    for entry in range(1, 101):
        memory.add(entry)
    assert memory.entries[:3] == [18, 19, 20]
    assert memory.entries[3:] == list(range(91, 101))


def test_losses_are_ranked_by_domination():
    assert domination_ranks([]) == []
    assert domination_ranks([(1, 4), (2, 2), (4, 1), (3, 3), (4, 4), (2, 2)]) == [0, 0, 0, 1, 2, 0]


def test_evolution_follows_good_trials():
    problem = SearchProblem(space=LINE, seed=2)
    history = observations(problem, 40, lambda point: [abs(point["x"] - 0.3)])
    search = make_search_algorithm("evolution", problem)
    xs = [point["x"] for point in search.ask(history, [], range(40, 80))]
    assert statistics.median(abs(x - 0.3) for x in xs) < 0.15


def test_nsga2_follows_the_pareto_front():
    problem = SearchProblem(
        space=LINE, seed=2, objectives=[Objective(metric="loss"), Objective(metric="speed", mode="max")]
    )
    history = observations(problem, 120, lambda point: [point["x"] + point["n"] / 200, -abs(point["n"] - 40)])
    xs = [point["x"] for point in make_search_algorithm("nsga2", problem).ask(history, [], range(120, 160))]
    assert statistics.median(xs) < 0.3
    with pytest.raises(ConfigError, match="cannot do a single objective"):
        make_search_algorithm("nsga2", SearchProblem(space=LINE))


def test_fronts_are_ordered_by_crowding():
    losses = [(0, 4), (1, 3), (1.1, 2.9), (4, 0), (5, 5)]
    assert fitness_order(losses) == [0, 3, 2, 1, 4]


def test_tpe_is_rebuilt_alike_from_more_than_its_memory_holds():
    problem = SearchProblem(space=LINE, seed=5)
    history = observations(problem, 1203, lambda point: None if point["n"] == 3 else [point["x"]])
    step_by_step, growing = make_search_algorithm("tpe", problem), History()
    for place, observation in enumerate(history):
        growing.append(observation)
        if place % 50 == 0:
            step_by_step.ask(growing, [], [place])
    fresh = make_search_algorithm("tpe", problem)
    assert step_by_step.ask(growing, [], [1203]) == fresh.ask(history, [], [1203])

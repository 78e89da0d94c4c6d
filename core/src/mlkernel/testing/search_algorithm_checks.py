"""Checks of search algorithms: proposals are new points of the space, and a pure function of what is known."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import attrs

from mlkernel.discovery.component import Component
from mlkernel.discovery.name_resolution import resolve
from mlkernel.study.algorithm_choice import capabilities_of
from mlkernel.study.history import History, Observation, PendingTrial
from mlkernel.study.search_algorithm import SearchAlgorithm
from mlkernel.study.search_problem import Objective, SearchProblem
from mlkernel.study.space.space_reader import parse_space
from mlkernel.testing.check import Check, expect
from mlkernel.testing.component_checks import component_checks

ENDED = 13
"""Trials after which most algorithms have begun to look at the values."""
ALIKE = ("numbers", "conditional")
"""Sample problems of the checks that every run is made several times for."""

LOSS = Objective(metric="loss")
SPACES = {
    "numbers": ["x=uniform(-5,10,bins=5)", "r=loguniform(1e-5,1,bins=5)", "n=uniformint(1,8)", "q=quniform(0,1,0.1)"],
    "mixed": ["act=[relu,tanh,[64,64]]", "size=ordinal([16,32,64])", "x=uniform(0,1,bins=5)", "one=7"],
    "conditional": [
        "algo=[a,b]",
        "x=uniform(0,1,bins=4) when algo=a",
        "n=uniformint(1,4) when algo=b",
        "z=normal(0,1,bins=3) when algo=b and n=[1,2]",
    ],
    "small": ["a=[p,q]", "b=uniformint(1,3)"],
    "ordered": ["a=uniformint(0,5)", "b=quniform(0,1,0.25)"],
    "constrained": ["a=uniformint(1,6)", "b=uniform(0,6,bins=4)"],
    "one_value": ["a=[p]", "b=uniformint(3,3)", "c=uniform(1,1)", "d=fixed(x)"],
}  # fmt: skip
CONSTRAINTS = {"constrained": ["b < a"]}


def search_algorithm_checks(component: Component, overrides: Sequence[str] = ()) -> Iterator[Check]:
    """Yield the checks of a search algorithm, each for the sample problems that it does not refuse."""
    yield from component_checks(component, overrides)
    for title, problem in _problems(component).items():
        yield Check(f"proposes_points_of_the_space[{title}]", partial(_check_points, component, problem))
        yield Check(f"is_rebuilt_from_the_history[{title}]", partial(_check_rebuilt, component, problem))
        yield Check(f"repeats_nothing[{title}]", partial(_check_repetitions, component, problem))
        yield Check(f"endures_failures[{title}]", partial(_check_failures, component, problem))
    for title, problem in _problems(component, ALIKE).items():
        yield Check(f"learns_from_partial_trials[{title}]", partial(_check_budgets, component, problem))
    yield Check("is_equal_in_every_process", partial(_check_processes, component))
    yield Check("minimises_and_maximises_alike", partial(_check_modes, component))


def _problems(component: Component, titles: Sequence[str] = tuple(SPACES)) -> dict[str, SearchProblem]:
    capabilities = capabilities_of(component.factory())
    objectives = (LOSS,) if capabilities.single_objective else (LOSS, Objective(metric="cost", mode="max"))
    problems = {
        title: SearchProblem(
            space=parse_space(SPACES[title], CONSTRAINTS.get(title, [])),
            objectives=objectives,
            seed=7,
            trials=30,
            parallel=2,
        )
        for title in titles
    }
    return {title: problem for title, problem in problems.items() if not capabilities.refusals(problem)}


def _make(component: Component, problem: SearchProblem) -> SearchAlgorithm:
    config_class = component.config_class()
    algorithm: SearchAlgorithm = component.factory()(problem, config_class() if config_class else None)
    return algorithm


def _observation(problem: SearchProblem, number: int, point: dict[str, Any]) -> Observation:
    """A value that falls towards a corner of the unit cube; the second one, if asked for, towards its middle."""
    position = problem.space.to_unit(point)
    values = [sum((p - 0.2) ** 2 for p in position), -sum(abs(p - 0.5) for p in position)]
    return Observation(number=number, parameters=point, values=values[: len(problem.objectives)])


def _run(
    algorithm: SearchAlgorithm, problem: SearchProblem, trials: int
) -> tuple[History, list[dict[str, Any]]]:
    """Trials that overlap: of every two under way, the newer one ends last."""
    history, pending, points = History(), list[PendingTrial](), list[dict[str, Any]]()
    for number in range(trials):
        proposed = algorithm.ask(history, pending, [number])
        if not proposed:
            break
        points += proposed
        pending.append(PendingTrial(number=number, parameters=proposed[0]))
        if len(pending) == problem.parallel:
            ended = pending.pop(0)
            history.append(_observation(problem, ended.number, dict(ended.parameters)))
    return history, points


def _check_points(component: Component, problem: SearchProblem) -> None:
    _, points = _run(_make(component, problem), problem, ENDED)
    expect(bool(points), "nothing is proposed for an empty history")
    for point in points:
        problems = "; ".join(map(str, problem.space.problems_of(point)))
        expect(not problems, f"{point} is no point of the space: {problems}")


def _check_rebuilt(component: Component, problem: SearchProblem) -> None:
    asked = _make(component, problem)
    history, points = _run(asked, problem, ENDED)
    pending = [PendingTrial(number=len(points) - 1, parameters=points[-1])]
    numbers = [len(points), len(points) + 1]
    expected = asked.ask(history, pending, numbers)
    again = asked.ask(history, pending, numbers)
    expect(again == expected, f"the same question has two answers: {expected} and {again}")
    rebuilt = _make(component, problem).ask(History(history), pending, numbers)
    expect(
        rebuilt == expected,
        f"asked step by step it proposes {expected}, rebuilt from the same history {rebuilt}",
    )


def _check_repetitions(component: Component, problem: SearchProblem) -> None:
    size = problem.space.cardinality
    _, points = _run(_make(component, problem), problem, ENDED if size is None else size + 2)
    keys = [json.dumps(point, sort_keys=True) for point in points]
    expect(len(set(keys)) == len(keys), "a point is proposed twice, although others are left")
    expect(size is None or len(keys) <= size, "more points are proposed than there are")
    if size is not None and not capabilities_of(component.factory()).grid_search:
        expect(len(keys) == size, f"it gives up after {len(keys)} of {size} points")


def _check_budgets(component: Component, problem: SearchProblem) -> None:
    """Trials that a scheduler paused: one observation for each part of the effort that they went through."""
    asked, history = _make(component, problem), History()
    whole, points = _run(_make(component, problem), problem, ENDED)
    proposed: list[dict[str, Any]] = []
    for budget in (1.0, 3.0, None):
        for observation in whole:
            if budget == 1.0 or (observation.number or 0) % 3 == 0:
                history.append(attrs.evolve(observation, budget=budget))
        proposed = asked.ask(history, [], [len(points)])
        rebuilt = _make(component, problem).ask(History(history), [], [len(points)])
        expect(
            rebuilt == proposed,
            f"asked at every budget it proposes {proposed}, rebuilt from the same history {rebuilt}",
        )
    known = [dict(observation.parameters) for observation in whole]
    for point in proposed:
        expect(problem.space.contains(point), f"{point} is no point of the space")
        expect(point not in known, f"it proposes {point}, which was tried on a part of the effort")


def _check_failures(component: Component, problem: SearchProblem) -> None:
    history, points = _run(_make(component, problem), problem, ENDED)
    count = len(problem.objectives)
    spoilt = [
        attrs.evolve(observation, values=[None, [float("nan")] * count, observation.values][place % 3])
        for place, observation in enumerate(history)
    ]
    outside = Observation(number=None, parameters={"of another": "space"}, values=[0.0] * count)
    failed = [attrs.evolve(observation, values=None) for observation in history]
    for title, observations in {"some": spoilt, "all": failed, "other points": [outside, *spoilt]}.items():
        proposed = _make(component, problem).ask(History(observations), [], [len(points)])
        inside = all(problem.space.contains(point) for point in proposed)
        expect(inside, f"with {title} failed, it proposes {proposed}, which is not in the space")
        left = problem.space.cardinality is None or len(points) < problem.space.cardinality
        expect(bool(proposed) or not left, f"with {title} failed, it proposes nothing")


def _check_modes(component: Component) -> None:
    for title, problem in _problems(component, ALIKE).items():
        flipped = attrs.evolve(
            problem,
            objectives=[
                attrs.evolve(o, mode="max" if o.mode == "min" else "min") for o in problem.objectives
            ],
        )
        history, points = _run(_make(component, problem), problem, ENDED)
        mirrored = History(
            attrs.evolve(observation, values=[-value for value in observation.values or ()])
            for observation in history
        )
        numbers = [len(points)]
        lowest = _make(component, problem).ask(history, [], numbers)
        highest = _make(component, flipped).ask(mirrored, [], numbers)
        expect(
            lowest == highest,
            f"{title}: of a value and its negative, one is minimised and the other not maximised",
        )


def _check_processes(component: Component) -> None:
    answers = set()
    for hash_seed in ("1", "2"):
        child = subprocess.run(
            [sys.executable, "-c", f"from {__name__} import main; main()", component.reference],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
        )
        expect(child.returncode == 0, f"it fails in another process:\n{child.stderr[-2000:]}")
        answers.add(child.stdout.splitlines()[-1])
    expect(len(answers) == 1, "with another PYTHONHASHSEED, it proposes other points")
    expect(answers == {_answers(component)}, "in another process, it proposes other points")


def _answers(component: Component) -> str:
    runs = [
        _run(_make(component, problem), problem, ENDED)[1] for problem in _problems(component, ALIKE).values()
    ]
    return json.dumps(runs)


def main() -> None:
    """Print all proposals of the search algorithm that the command line names, in a process of their own."""
    sys.stdout.write(_answers(resolve("search_algorithm", sys.argv[1])) + "\n")

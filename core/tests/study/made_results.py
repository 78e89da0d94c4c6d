"""Studies that were never run: trials whose results follow from their parameters."""

from __future__ import annotations

import math
import random
from typing import Any

from mlkernel.study.space.space_reader import parse_space
from mlkernel.study.statistics.study_results import StudyResults
from mlkernel.study.store.records import ReportRecord, RunRecord, StudyRecord, TrialRecord

LOSS = "loss"
SPACE: dict[str, Any] = {
    "lr": "loguniform(1e-5, 1e-1)",
    "layers": "uniformint(1, 4)",
    "kind": "[adam, sgd]",
    "momentum": "uniform(0, 1) when kind=sgd",
    "noise": "uniform(0, 1)",
}


def made_results(
    count: int,
    *,
    seeds: int = 3,
    steps: int = 20,
    objectives: int = 1,
    space: dict[str, Any] | None = None,
    name: str = "made",
) -> StudyResults:
    """A study of *count* trials, two at a time, of which one in ten failed and one in five was stopped early."""
    table = SPACE if space is None else space
    drawn = parse_space([f"{key}={text}" for key, text in table.items()])
    rng = random.Random(0)
    trials, reports = [], {}
    for number in range(count):
        point = drawn.sample(rng)
        state = "failed" if number % 10 == 7 else "stopped" if number % 5 == 3 else "finished"
        if count <= 5:
            state = "finished"
        begun = 1_700_000_000.0 + 30.0 * (number // 2)
        ends, curves = [], []
        for place in range(seeds):
            curve = _curve(point, place, steps // 2 if state == "stopped" else steps, objectives)
            curves.append(curve)
            ends.append(
                RunRecord(
                    trial=number,
                    place=place,
                    seed=place,
                    state=state,
                    attempt=1,
                    values=None if state == "failed" else curve[-1],
                    error="ValueError: <no> luck & no hope" if state == "failed" else None,
                    started=begun + 9.0 * place,
                    ended=begun + 9.0 * place + 8.0,
                )
            )
        if state != "failed":
            reports[number] = [
                ReportRecord(
                    position=0, trial=number, place=place, step=float(step + 1), values=values, time=begun
                )
                for place, curve in enumerate(curves)
                for step, values in enumerate(curve)
            ]
        columns = list(zip(*(curve[-1] for curve in curves), strict=True))
        trials.append(
            TrialRecord(
                number=number,
                parameters=point,
                state=state,
                values=None if state == "failed" else tuple(sum(column) / seeds for column in columns),
                reason="rung 9: 3rd of 3" if state == "stopped" else None,
                sequence=number,
                created=begun,
                ended=begun + 9.0 * seeds,
                runs=tuple(ends),
            )
        )
    configuration = {
        "trainer": "tiny",
        "space": table,
        "objectives": [
            {"metric": LOSS, "mode": "min"},
            {"metric": "accuracy", "mode": "max"},
            {"metric": "size", "mode": "min"},
        ][:objectives],
        "algorithm": "tpe",
        "trials": count,
        "jobs": 2,
        "seeds": seeds,
    }
    study = StudyRecord(name=name, configuration=configuration, state="finished", created=1_700_000_000.0)
    return StudyResults(study=study, trials=tuple(trials), reports=reports)


def _curve(point: dict[str, Any], seed: int, steps: int, objectives: int) -> list[tuple[float, ...]]:
    rng = random.Random(f"{point} {seed}")
    loss = (math.log10(point.get("lr", 1e-3)) + 3) ** 2 / 4 + 0.1 * point.get("layers", 1)
    loss += 0.5 * abs(point.get("momentum", 0.5) - 0.9)
    curve = []
    for step in range(steps):
        now = loss + 2.0 * math.exp(-step / 5) + rng.gauss(0, 0.02)
        curve.append(
            (
                now,
                1 / (1 + now) + 0.15 * point.get("layers", 1) - 0.2 * point.get("noise", 0),
                point.get("layers", 1) * 10.0,
            )[:objectives]
        )
    return curve

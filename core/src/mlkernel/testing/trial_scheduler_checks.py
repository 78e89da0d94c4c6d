"""Checks of trial schedulers: every study comes to an end, and decisions are a pure function of the curves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import partial

import attrs

from mlkernel.config.component_config import configure
from mlkernel.discovery.component import Component
from mlkernel.discovery.name_resolution import resolve
from mlkernel.errors import ConfigError
from mlkernel.study.search_problem import Objective, SearchProblem
from mlkernel.study.space.space_reader import parse_space
from mlkernel.study.trial_scheduler import TrialScheduler
from mlkernel.testing.check import Check, CheckFailed, expect
from mlkernel.testing.component_checks import component_checks
from mlkernel.testing.simulated_study import Conditions, SimulatedStudy

PROBLEM = SearchProblem(
    space=parse_space(["x=uniform(0,1)", "y=uniform(0,1)"]), seed=3, trials=30, parallel=2, max_step=27
)
"""What the checks schedule."""


def trial_scheduler_checks(component: Component, overrides: Sequence[str] = ()) -> Iterator[Check]:
    """Yield the checks of a trial scheduler.

    :param overrides: ``path=value`` for options of its configuration.
    """
    yield from component_checks(component, overrides)
    for workers in (1, 2, 5):
        study = Conditions(workers=workers, seed=workers)
        yield Check(f"comes_to_an_end[{workers} workers]", partial(_check_end, component, overrides, study))
    mishaps = Conditions(workers=3, failing=0.03, lost=0.03)
    yield Check("endures_failures", partial(_check_end, component, overrides, mishaps))
    failures = Conditions(workers=3, failing=1)
    yield Check("endures_failures_only", partial(_check_failures, component, overrides, failures))
    compared = Conditions(workers=2, compared=0.3, failing=0.02)
    yield Check("answers_by_the_curves_alone", partial(_check_end, component, overrides, compared))
    kills = Conditions(workers=2, rebuilt=0.1, compared=0.1, failing=0.02, lost=0.02)
    yield Check("is_rebuilt_from_the_curves", partial(_check_end, component, overrides, kills))
    yield Check("declares_what_it_needs", partial(_check_declarations, component, overrides))
    yield Check("is_equal_in_every_process", partial(_check_processes, component, overrides))
    yield Check("refuses_in_words", partial(_check_refusals, component, overrides))


def _make(component: Component, overrides: Sequence[str], problem: SearchProblem) -> TrialScheduler:
    config = configure(component.kind, component.reference, overrides).config
    scheduler: TrialScheduler = component.factory()(problem, config)
    return scheduler


def _run(component: Component, overrides: Sequence[str], conditions: Conditions) -> SimulatedStudy:
    return SimulatedStudy(PROBLEM, partial(_make, component, overrides, PROBLEM), conditions).run()


def _check_end(component: Component, overrides: Sequence[str], conditions: Conditions) -> None:
    study = _run(component, overrides, conditions)
    added = len(study.curves)
    expect(added == conditions.trials, f"it lets the study end after {added} of {conditions.trials} trials")
    reached = max(report.step for report in study.reports)
    trained = reached == PROBLEM.max_step or conditions.failing > 0
    expect(trained, f"no trial is trained to the end; the furthest reaches {reached:g}")
    finalists = study.scheduler.finalists(study.curves)
    if finalists is not None:
        expect(bool(finalists), "although trials ended, there are no finalists")
        silent = [trial for trial in finalists if not study.curves[trial].points]
        expect(not silent, f"finalists never reported: {silent}")


def _check_failures(component: Component, overrides: Sequence[str], conditions: Conditions) -> None:
    study = _run(component, overrides, conditions)
    added = len(study.curves)
    expect(added == conditions.trials, f"after {added} trials, all of them failed, it begins no other")
    finalists = study.scheduler.finalists(study.curves)
    expect(not finalists, f"trials that failed are finalists: {finalists}")


def _check_declarations(component: Component, overrides: Sequence[str]) -> None:
    study = _run(component, overrides, Conditions())
    for name in ("pauses_trials", "copies_checkpoints", "needs_live_reports"):
        declared = getattr(study.scheduler, name, None)
        expect(isinstance(declared, bool), f"{name} is {declared!r}, and must be True or False")
    said = "\n".join(study.answers)
    pauses = "Pause()" in said or "Promote(" in said
    expect(study.scheduler.pauses_trials or not pauses, "it pauses trials, and declares that it does not")
    copies = any(curve.parent is not None for curve in study.curves)
    expect(
        study.scheduler.copies_checkpoints or not copies,
        "it copies checkpoints, and declares that it does not",
    )
    stops = "Stop(" in said
    may_stop = study.scheduler.needs_live_reports or study.scheduler.pauses_trials
    expect(may_stop or not stops, "it ends trials while they train, and declares that it does not")


def _check_processes(component: Component, overrides: Sequence[str]) -> None:
    expected = _answers(component, overrides)
    for hash_seed in ("1", "2"):
        child = subprocess.run(
            [sys.executable, "-c", f"from {__name__} import main; main()", component.reference, *overrides],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
        )
        expect(child.returncode == 0, f"it fails in another process:\n{child.stderr[-2000:]}")
        answers = child.stdout.splitlines()[-1]
        expect(answers == expected, "in another process, with another PYTHONHASHSEED, it decides otherwise")


def _answers(component: Component, overrides: Sequence[str]) -> str:
    return json.dumps(_run(component, overrides, Conditions(failing=0.02)).answers)


def _check_refusals(component: Component, overrides: Sequence[str]) -> None:
    pair = (Objective(metric="loss"), Objective(metric="cost"))
    problems = {
        "without max_step": attrs.evolve(PROBLEM, max_step=None),
        "with two objectives": attrs.evolve(PROBLEM, objectives=pair),
    }
    for title, problem in problems.items():
        try:
            _make(component, overrides, problem)
        except ConfigError:
            continue
        except Exception as error:
            raise CheckFailed(
                f"a study {title} is refused with a ConfigError, not {type(error).__name__}: {error}"
            ) from error


def main() -> None:
    """Print all decisions of the scheduler that the command line names, in a process of their own."""
    component = resolve("trial_scheduler", sys.argv[1])
    sys.stdout.write(_answers(component, sys.argv[2:]) + "\n")

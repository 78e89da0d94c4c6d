"""The checks of trial schedulers pass the one of the core, and find those that break their promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlkernel.testing import check_plugin

BROKEN = """
from mlkernel import Continue, NewTrial, Pause, Promote, Stop, Wait

class Scheduler:
    pauses_trials = copies_checkpoints = needs_live_reports = False

    def __init__(self, problem, config=None):
        self.problem, self.asked = problem, 0

    def assign(self, curves):
        return Wait() if curves.closed else NewTrial(until=27)

    def decide(self, curves, trial):
        return Continue()

    def finalists(self, curves):
        return None

class Stuck(Scheduler):
    def assign(self, curves):
        return Wait() if len(curves) == 10 else super().assign(curves)

class Endless(Scheduler):
    def assign(self, curves):
        return NewTrial(until=27)

class Forgetful(Scheduler):
    def decide(self, curves, trial):
        self.asked += 1
        return Stop(reason="unlucky") if self.asked % 50 == 0 else Continue()

class Fickle(Scheduler):
    def decide(self, curves, trial):
        return Stop(reason="enough") if curves[trial].points[-1].step == 5 else Continue(until=9)

class Hasty(Scheduler):
    def assign(self, curves):
        return Promote(trial=0, until=27) if len(curves) > 1 else NewTrial(until=1)

class Modest(Scheduler):
    def assign(self, curves):
        resting = [curve.number for curve in curves if curve.state == "paused"]
        if resting:
            return Promote(trial=resting[0], until=27)
        return Wait() if curves.closed else NewTrial(until=1)

class Vague(Scheduler):
    needs_live_reports = None

class Silent(Scheduler):
    def finalists(self, curves):
        return []

class Blunt(Scheduler):
    def __init__(self, problem, config=None):
        self.last = problem.max_step + 1
"""


def failures(path: Path, name: str) -> dict[str, str]:
    path.write_text(BROKEN)
    results = check_plugin(f"{path}:{name}", kind="trial_scheduler")
    return {result.name.partition("[")[0]: result.message for result in results if not result.passed}


def test_fifo_keeps_the_contract():
    assert all(result.passed for result in check_plugin("fifo", kind="trial_scheduler"))


@pytest.mark.parametrize(
    ("name", "check", "message"),
    [
        ("Stuck", "comes_to_an_end", "it waits, although nothing is under way and trials can be added"),
        ("Endless", "comes_to_an_end", "it begins a new trial, although the curves are closed"),
        ("Forgetful", "answers_by_the_curves_alone", "made anew, with Continue("),
        ("Fickle", "comes_to_an_end", "go on until 9, and at step 5 says Stop(reason='enough')"),
        ("Hasty", "comes_to_an_end", "it assigns trial 0 again, which is"),
        ("Silent", "comes_to_an_end", "although trials ended, there are no finalists"),
        ("Modest", "declares_what_it_needs", "it pauses trials, and declares that it does not"),
        ("Vague", "declares_what_it_needs", "needs_live_reports is None"),
        (
            "Blunt",
            "refuses_in_words",
            "a study without max_step is refused with a ConfigError, not TypeError",
        ),
    ],
)
def test_a_broken_promise_is_found(tmp_path, name, check, message):
    assert message in failures(tmp_path / "broken.py", name)[check]

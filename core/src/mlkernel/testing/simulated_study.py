"""A study without workers: trials learn by a formula, in an order that a random stream decides."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import attrs
from attrs import define, frozen

from mlkernel.study.curves import Curve, Curves, Report
from mlkernel.study.search_problem import SearchProblem
from mlkernel.study.trial_scheduler import (
    Assignment,
    Continue,
    Decision,
    NewTrial,
    Pause,
    Promote,
    Stop,
    TrialScheduler,
    Wait,
)
from mlkernel.study.trial_seed import trial_random
from mlkernel.testing.check import expect

QUESTIONS = 100_000
"""Questions after which a study is believed to have no end."""
LAST_STEP = 1_000.0
"""Of trials without a ``max_step``, so that they end at all."""


@frozen(kw_only=True)
class Conditions:
    """What happens in a simulated study."""

    workers: int = 2
    trials: int = 30
    seed: int = 0
    """Of the order of events, the noise and the mishaps; the problem has one of its own."""
    failing: float = 0.0
    """How likely a trial is to fail instead of reporting."""
    lost: float = 0.0
    """How likely a worker is to die instead of reporting; its trial starts again from its checkpoint."""
    rebuilt: float = 0.0
    """How likely the scheduler is to be thrown away before a question."""
    compared: float = 0.0
    """How likely it is that a scheduler made anew is asked the same, and must answer the same."""


@define
class Learner:
    """What a checkpoint holds."""

    step: float = 0.0
    skill: float = 0.0

    def learn(self, point: dict[str, Any], noise: float) -> float:
        """Train for a step, and return the loss; the best point has all coordinates at 0.7 of their range."""
        self.step += 1
        self.skill += 1 - sum(abs(value - 0.7) for value in point.values()) / len(point)
        return noise - self.skill


class SimulatedStudy:
    """Drives a scheduler as a study does.

    :param make: makes the scheduler, each time that it is thrown away.
    :param problem: with parameters in [0, 1].
    """

    def __init__(
        self, problem: SearchProblem, make: Callable[[], TrialScheduler], conditions: Conditions
    ) -> None:
        self.problem, self.make, self.conditions = problem, make, conditions
        self.curves, self.scheduler = Curves(), make()
        self.reports: list[Report] = []
        self.answers: list[str] = []
        """Every question that was asked, with its answer."""
        self.learners: dict[int, Learner] = {}
        self._promised: dict[int, float] = {}
        """The step of each trial below which its scheduler said that nothing but going on will follow."""
        self._running: list[int] = []
        self._waiting: list[int] = []
        self._rng = random.Random(conditions.seed)  # noqa: S311 - no secret depends on it

    def run(self) -> SimulatedStudy:
        """Go on until the study is over.

        :raises CheckFailed: the scheduler gives an assignment that cannot be carried out, or breaks a promise, or the
            study has no end.
        """
        idle = False
        while len(self.answers) < QUESTIONS:
            free = len(self._running) < self.conditions.workers
            if free and not idle and (not self._running or self._rng.random() < 0.5):
                idle = not self._assign()
                if idle and not self._running:
                    return self
            elif self._running:
                self._train(self._rng.choice(self._running))
                idle = False
        expect(False, f"after {QUESTIONS} questions, the study of {self.conditions.trials} trials has no end")
        return self

    def _assign(self) -> bool:
        if self._waiting:
            self._start(self._waiting.pop(0))
            return True
        assignment: Assignment = self._ask("assign")
        if isinstance(assignment, NewTrial) and len(self.curves) == self.conditions.trials:
            self.curves.closed = True
            assignment = self._ask("assign")
        match assignment:
            case NewTrial():
                expect(not self.curves.closed, "it begins a new trial, although the curves are closed")
                self._begin(assignment)
            case Promote():
                self._promote(assignment)
            case Wait():
                stuck = not self._running and not self.curves.closed
                expect(not stuck, "it waits, although nothing is under way and trials can be added")
                return False
        return True

    def _begin(self, assignment: NewTrial) -> None:
        number = len(self.curves)
        point = self.problem.space.sample(trial_random(self.problem.seed, number))
        self.curves.add(Curve(number=number, parameters=point, until=assignment.until))
        self.learners[number] = Learner()
        self._start(number)

    def _promote(self, assignment: Promote) -> None:
        curve = self.curves[assignment.trial]
        expect(curve.state == "paused", f"it assigns trial {curve.number} again, which is {curve.state}")
        reached = self.learners[curve.number].step
        far = assignment.until is None or assignment.until > reached
        expect(far, f"it assigns trial {curve.number} until {assignment.until}, where it is already")
        curve.until = assignment.until
        self._copy(curve, assignment.source, assignment.parameters)
        self._start(curve.number)

    def _copy(self, curve: Curve, source: int | None, parameters: Any) -> None:
        if source is not None:
            expect(bool(self.curves[source].points), f"trial {source} is copied, and has no checkpoint")
            self.learners[curve.number] = attrs.evolve(self.learners[source])
            curve.parent = source
        if parameters is not None:
            curve.parameters = dict(parameters)
            faults = self.problem.space.problems_of(curve.parameters)
            expect(not faults, f"{parameters} is no point of the space: {'; '.join(map(str, faults))}")

    def _start(self, number: int) -> None:
        self.curves[number].state = "running"
        self._running.append(number)

    def _leave(self, number: int, state: Any) -> None:
        self._running.remove(number)
        self.curves[number].state = state
        if state == "waiting":
            self._waiting.append(number)

    def _train(self, number: int) -> None:
        mishap = self._rng.random()
        if mishap < self.conditions.failing:
            self._leave(number, "failed")
        elif mishap < self.conditions.failing + self.conditions.lost:
            self._leave(number, "waiting")
        else:
            curve, learner = self.curves[number], self.learners[number]
            noise = trial_random(self.conditions.seed, number, f"noise at {learner.step}").gauss(0, 0.3)
            report = Report(
                trial=number, step=learner.step + 1, loss=learner.learn(dict(curve.parameters), noise)
            )
            self.reports.append(report)
            self.curves.append(report)
            self._obey(self._ask("decide", number), curve, report.step)

    def _obey(self, decision: Decision, curve: Curve, step: float) -> None:
        last = LAST_STEP if self.problem.max_step is None else self.problem.max_step
        promised = self._promised.pop(curve.number, 0.0)
        expect(
            step >= promised or isinstance(decision, Continue),
            f"it lets trial {curve.number} go on until {promised:g}, and at step {step:g} says {decision}",
        )
        if isinstance(decision, Continue) and decision.until is not None:
            self._promised[curve.number] = decision.until
        match decision:
            case Stop():
                self._leave(curve.number, "stopped")
            case _ if step >= last:
                self._leave(curve.number, "finished")
            case Pause():
                self._leave(curve.number, "paused")
            case Continue() if curve.until is not None and step >= curve.until:
                self._leave(curve.number, "paused")

    def _ask(self, question: str, *arguments: int) -> Any:
        if self._rng.random() < self.conditions.rebuilt:
            self.scheduler, self.curves = self.make(), self.copied_curves()
        answer = getattr(self.scheduler, question)(self.curves, *arguments)
        if self._rng.random() < self.conditions.compared:
            rebuilt = getattr(self.make(), question)(self.copied_curves(), *arguments)
            expect(
                rebuilt == answer,
                f"asked all along, it answers {question}{arguments} with {answer}; made anew, with {rebuilt}",
            )
        self.answers.append(f"{question} {arguments}: {answer}")
        return answer

    def copied_curves(self) -> Curves:
        """The curves as they are read from a store: first the trials, then the reports in their order."""
        copy = Curves()
        copy.closed = self.curves.closed
        for curve in self.curves:
            copy.add(attrs.evolve(curve, points=[]))
        for report in self.reports:
            copy.append(report)
        return copy

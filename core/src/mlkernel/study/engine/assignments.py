"""What to train next: the scheduler says whether, the search algorithm says what."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from mlkernel.study.engine.live_trial import LiveRun, run_directory, run_name
from mlkernel.study.engine.study_context import StudyContext
from mlkernel.study.search_algorithm import SearchAlgorithm
from mlkernel.study.store.study_store import NewTrialRecord
from mlkernel.study.trial_scheduler import NewTrial, Promote, TrialScheduler, Wait


class Assignments:
    """The runs that wait for a worker, and where more of them come from.

    :param shared: whether other drivers may work on the study at the same time.
    """

    def __init__(
        self, context: StudyContext, algorithm: SearchAlgorithm, scheduler: TrialScheduler, *, shared: bool
    ) -> None:
        self._store, self._study, self._driver = context.store, context.study, context.driver
        self._state, self.is_shared = context.state, shared
        self._algorithm, self._scheduler = algorithm, scheduler
        self.waiting: deque[LiveRun] = deque()

    @property
    def may_have_more(self) -> bool:
        """Whether a worker might be given something now or later."""
        self._close_if_full()
        return bool(self.waiting) or not self._state.curves.closed or bool(self._state.live)

    @property
    def expected(self) -> int:
        """How many runs wait or may come for up to ``jobs`` workers, as far as that is known."""
        state = self._state
        if state.curves.closed:
            return len(self.waiting) or bool(state.live)
        limit = state.problem.trials
        missing = state.config.jobs if limit is None else max(0, limit - state.trial_count)
        return len(self.waiting) + missing * len(state.config.runs_of_a_trial)

    def next(self, worker: str) -> LiveRun | None:
        """The run that a free worker shall train; ``None`` if there is none now.

        :param worker: the key of its job: the first run of a new trial is taken for it in the same breath.
        """
        if not self.waiting:
            self._assign(worker)
        return self.waiting.popleft() if self.waiting else None

    def ask_from_now_on(self, algorithm: SearchAlgorithm) -> None:
        """Let another algorithm propose."""
        self._algorithm = algorithm

    def drop(self, runs: Sequence[LiveRun]) -> None:
        """Forget runs that shall not be trained any more."""
        for run in runs:
            if run in self.waiting:
                self.waiting.remove(run)

    def _assign(self, worker: str) -> None:
        if self.is_shared and self._scheduler.pauses_trials:
            with self._store.together(self._study):  # two drivers shall not promote one trial
                self._state.read(self._store, self._study)
                self._state.read_states(self._store, self._study)
                self._assign_known(worker)
        else:
            self._assign_known(worker)

    def _assign_known(self, worker: str) -> None:
        curves = self._state.curves
        self._close_if_full()
        while True:
            match self._scheduler.assign(curves):
                case Promote() as promotion:
                    self._promote(promotion)
                    return
                case NewTrial(until=until):
                    if curves.closed or self._add_trial(until, worker):
                        return
                    curves.closed = True
                case Wait():
                    return

    def _close_if_full(self) -> None:
        limit = self._state.problem.trials
        if limit is not None and self._state.trial_count >= limit:
            self._state.curves.closed = True

    def _add_trial(self, until: float | None, worker: str) -> bool:
        added = self._store.add_trials(
            self._study,
            self._driver,
            lambda first: self._proposed(first, until),
            start_in=lambda number: run_directory(run_name(number, 0)),
            handle={"key": worker},
        )
        for record in added:
            runs = self._state.add(record).runs
            runs[0].taken_for = worker
            self.waiting += runs
        return bool(added)

    def _proposed(self, first: int, until: float | None) -> Sequence[NewTrialRecord]:
        state = self._state
        if self.is_shared:
            state.read(self._store, self._study)  # others may have added trials until a moment ago
        if state.problem.trials is not None and first >= state.problem.trials:
            return []
        points = self._algorithm.ask(state.history, state.pending(), [first])
        runs = state.config.runs_of_a_trial
        return [NewTrialRecord(parameters=point, runs=runs, until=until) for point in points]

    def _promote(self, promotion: Promote) -> None:
        trial = self._state.live[promotion.trial]
        self._store.set_trial(
            self._study,
            trial.number,
            "waiting",
            until=promotion.until,
            parameters=promotion.parameters,
            parent=promotion.source,
        )
        self._state.change(trial, self._store.trial(self._study, trial.number))
        for run in trial.runs:
            if run.state == "paused":
                run.state, run.source = "waiting", promotion.source
                self.waiting.append(run)

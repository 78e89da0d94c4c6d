"""The loop of a study: hear from workers, answer them, keep them busy, until there is nothing left to do."""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from mlkernel.launcher.launcher import JobStatus
from mlkernel.study.engine.assignments import Assignments
from mlkernel.study.engine.decisions import Decisions
from mlkernel.study.engine.live_trial import LiveRun
from mlkernel.study.engine.other_drivers import OtherDrivers
from mlkernel.study.engine.run_ends import RunEnds
from mlkernel.study.engine.run_starts import RunStarts
from mlkernel.study.engine.study_context import StudyContext
from mlkernel.study.engine.worker_pool import Worker, WorkerPool
from mlkernel.study.store.records import DriverRecord
from mlkernel.study.trial_scheduler import TrialScheduler
from mlkernel.study.worker import messages
from mlkernel.study.worker.messages import Message
from mlkernel.study.worker.worker_server import Channel, Received

TICK_SECONDS = 0.25
"""Between two looks at what does not announce itself: ended jobs, time limits, requests."""
LOOK_SECONDS = 0.02
"""The same while a worker has hung up, which the launcher is about to explain."""
BEAT_SECONDS = 5.0


def driver_name() -> str:
    """A name that no other driver has."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"


class Driver:
    """Drives one study until it is over or asked to stop.

    :param target: what workers train.
    """

    def __init__(
        self,
        context: StudyContext,
        work: Assignments,
        scheduler: TrialScheduler,
        pool: WorkerPool,
        target: Mapping[str, Any],
    ) -> None:
        self._store, self._study, self._state = context.store, context.study, context.state
        self._name, self._notices = context.driver, context.notices
        self._work, self._pool = work, pool
        self._starts = RunStarts(context, target)
        self._decisions = Decisions(context, scheduler)
        self._ends = RunEnds(context, work)
        self._others = OtherDrivers(context, work, pool) if work.is_shared else None
        self._by_channel: dict[Any, Worker] = {}
        self._next_tick = self._next_beat = 0.0
        self._stopping = False
        self._is_supplied = False
        """Whether all workers have work, and nothing was heard since but reports."""
        self._missing = 0
        """How many more workers are wanted."""
        self._hung_up: set[Worker] = set()
        """Workers whose connection ended; the launcher is about to say why."""
        self.trouble: str | None = None
        """Why the study cannot go on for now, if it cannot."""

    @property
    def is_stopping(self) -> bool:
        """Whether it was asked to stop before the end."""
        return self._stopping

    def begin(self) -> None:
        """Let workers in: those of an earlier driver come by themselves."""
        self._beat()
        self._ends.settle_all()
        waiting = self._state.waiting_runs()
        adopted = self._pool.adopt()
        limit = self._state.config.resources.time
        for run in waiting:
            worker = adopted.get(run.handle_key or "")
            if worker is not None and worker.run is None:
                worker.run = run  # perhaps: its hello will tell, unless it hangs
                worker.deadline = None if limit is None else time.monotonic() + limit
            else:
                run.state = "waiting"
                self._work.waiting.append(run)
        self._pool.announce()
        self._notices.study_started()

    def step(self) -> bool:
        """Hear, hand out and answer once; false when the study is over.

        Everything that follows from what was heard is one transaction, and answered when it is on disk. The launcher,
        which may take its time, is asked between two of them.
        """
        received = self._pool.poll(self._patience())
        with self._transaction():
            for one in received:
                self._hear(one)
            is_due = time.monotonic() >= self._next_tick
            goes_on = is_due or self._goes_on()
        if is_due:
            self._pool.deliver()
            ended = self._pool.take_ended()
            with self._transaction():
                self._tick(ended)
                goes_on = self._goes_on()
        if self._missing:
            self._pool.submit(self._missing)
            self._missing = 0
        self._pool.deliver()
        return goes_on

    def _goes_on(self) -> bool:
        if self._stopping:
            return not self._pool.is_empty
        is_in_vain = self.trouble is not None and self._work.may_have_more
        return is_in_vain or self._is_supplied or self._supply()

    def _transaction(self) -> AbstractContextManager[None]:
        """Where several drivers share a study, each change is one of its own: a lock is held no longer than for it."""
        return nullcontext() if self._work.is_shared else self._store.together(self._study)

    def stop(self) -> None:
        """Let every worker leave its run at its next report, so that it can be resumed; goes on with :meth:`step`."""
        if not self._stopping:
            self._stopping = True
            self._pool.send_away([worker for worker in self._pool if worker.run is None])
            self._pool.deliver()

    def cancel(self, reason: str) -> None:
        """End all workers."""
        self._pool.cancel(self._pool, reason)

    def finish(self) -> None:
        """End what still rests, and let the workers go home."""
        self._ends.end_paused("the study is over")
        self._pool.send_away(self._pool)
        self._pool.deliver()
        late = [worker for worker in self._pool if worker.channel is None]
        self._pool.cancel(late, "the study was over before it connected")

    def leave(self) -> None:
        """Hand back the runs that are under way."""
        self._store.leave(self._study, self._name)

    def close(self) -> None:
        """Let go of everything; workers that go on look for another driver."""
        self._pool.close()

    def _patience(self) -> float:
        return LOOK_SECONDS if self._hung_up else TICK_SECONDS

    def _tick(self, ended: Iterable[tuple[Worker, JobStatus]]) -> None:
        now = time.monotonic()
        self._is_supplied = False
        for worker, status in ended:
            self._lost(worker, status)
        self._hung_up.intersection_update(self._pool)
        self._next_tick = now + self._patience()
        overdue = self._pool.overdue()
        if overdue:
            limit = self._state.config.resources.time
            self._pool.cancel(overdue, f"it ran longer than its limit of {limit:g} s")
        if now >= self._next_beat:
            self._beat()
            if self._others is not None:
                self._others.take_over()
        if self._others is not None:
            self._others.look()

    def _beat(self) -> None:
        host, pid = socket.gethostname(), os.getpid()
        self._store.beat(self._study, DriverRecord(name=self._name, host=host, pid=pid, heartbeat=0.0))
        self._next_beat = time.monotonic() + BEAT_SECONDS

    def _supply(self) -> bool:
        """Give work to whoever waits for it, and see who is missing; false when there is nothing left to do."""
        jobs = self._state.config.jobs
        busy = sum([worker.run is not None for worker in self._pool])
        idle = [worker for worker in self._pool if worker.is_idle]
        while idle and busy < jobs:
            run = self._work.next(idle[0].handle.key)
            if run is None:
                break
            if self._starts.give(idle[0], run):
                del idle[0]
                busy += 1
        if not busy and not self._work.waiting and (idle or not self._work.may_have_more):
            return self._others is not None and self._others.are_busy
        present = len(self._pool)
        if present < jobs:
            self._missing = max(0, min(jobs, busy + self._work.expected) - present)
        self._is_supplied = not idle
        return True

    def _hear(self, received: Received) -> None:
        channel, message = received.channel, received.message
        worker = self._by_channel.get(channel)
        if worker is None:
            self._hear_stranger(channel, message)
        elif message is None:
            self._lost_channel(worker, channel)
        elif worker.channel is not channel:
            return  # it has connected again, and says this once more there
        elif isinstance(message, messages.Reported):
            answer = self._answer(worker, message)
            if message.waits:
                worker.tell(answer)
        elif isinstance(message, messages.Ended):
            self._is_supplied = False
            self._ended(worker, message)

    def _hear_stranger(self, channel: Channel, message: Message | None) -> None:
        """Let a worker in that this driver knows of; any other goes home, however often it says something."""
        if isinstance(message, messages.Hello):
            welcome = self._pool.welcome(channel)
            if welcome is not None:
                self._is_supplied = False
                self._by_channel[channel] = welcome
                self._met(welcome, message)
        elif isinstance(message, messages.Ended) or (
            isinstance(message, messages.Reported) and message.waits
        ):
            channel.send(messages.Bye())

    def _lost_channel(self, worker: Worker, channel: Channel) -> None:
        del self._by_channel[channel]
        if worker.channel is channel:  # else it has connected again meanwhile
            worker.channel = None
            self._hung_up.add(worker)
            self._is_supplied = False
            self._next_tick = 0.0

    def _met(self, worker: Worker, hello: messages.Hello) -> None:
        """A worker connected; perhaps it has a run, of this driver or since an earlier one's days."""
        self._hung_up.discard(worker)
        thought, found = worker.run, None
        if hello.running is not None:
            trial = self._state.live.get(hello.running[0])
            found = trial.runs[hello.running[1]] if trial is not None else None
        if thought is not None and thought is found and thought.is_here:
            return  # it connected again, and goes on with it
        worker.run = worker.deadline = None
        if thought is not None and thought.is_lost:
            thought.is_lost = thought.is_here = False
        elif thought is not None and thought.is_here:
            self._ends.hand_back(thought)  # it was given over a connection that ended
        elif thought is not None and thought is not found:
            self._work.waiting.appendleft(thought)
        if found is not None and found.state == "waiting" and all(one.run is not found for one in self._pool):
            self._work.drop([found])
            self._starts.take(worker, found)
        worker.owes_end = hello.running is not None and worker.run is None
        if hello.running is None and self._stopping:
            self._pool.send_away([worker])

    def _answer(self, worker: Worker, message: messages.Reported) -> messages.Answer:
        run = worker.run
        if run is None or run.is_lost or not run.is_of(message.trial, message.place):
            return messages.Stop(reason="the study has gone on without this run")
        answer = self._decisions.answer(run, message)
        if self._stopping and message.waits:
            worker.leaves = True
            return messages.Bye()
        return answer

    def _ended(self, worker: Worker, message: messages.Ended) -> None:
        run, worker.run, worker.deadline = worker.run, None, None
        worker.owes_end = False
        if run is not None and self._others is not None:
            with self._store.together(self._study):  # nobody takes the run over in between
                self._others.look_at(run.trial)
                self._run_ended(worker, run, message)
        elif run is not None:
            self._run_ended(worker, run, message)
        leaves = message.state == "paused" and message.error is not None
        if leaves or worker.leaves or self._stopping or not self._state.config.reuse_workers:
            self._pool.send_away([worker])

    def _run_ended(self, worker: Worker, run: LiveRun, message: messages.Ended) -> None:
        if run.is_lost:
            run.is_lost = run.is_here = False
        elif run.is_of(message.trial, message.place):
            message = self._decisions.conclude(run, message)
            if worker.end_reason is not None and not self._stopping:
                self._ends.failed(run, worker.end_reason, may_retry=False)
            else:
                self._ends.heard(run, message)
                self.trouble = self.trouble or self._ends.trouble
                if message.no_room:
                    self.trouble = self.trouble or f"trial {run.trial.number}: {message.error}"

    def _lost(self, worker: Worker, status: JobStatus) -> None:
        """A worker is gone; the run that it had goes on with another one."""
        run, worker.run = worker.run, None
        if run is None:
            return
        if self._others is not None:
            self._others.look_at(run.trial)
        if run.is_lost:
            run.is_lost = run.is_here = False
        elif not run.is_here:  # it was an earlier driver's, and may be another one's by now
            if run.state == "waiting":
                self._work.waiting.appendleft(run)
        elif self._stopping:
            self._ends.hand_back(run)
        elif worker.end_reason is not None:
            self._ends.failed(run, worker.end_reason, may_retry=False)
        else:
            reason = f"its worker was lost: {status.reason or status.state}"
            self._ends.failed(run, reason, may_retry=True)

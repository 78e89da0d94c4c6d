"""A provider that fails in every way, and a process that is killed anywhere: the result is the same, and paid once."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from plugins.text.tests.faults.fault_schedule import JobFault, Kill, RequestFault, Schedule, random_schedule
from plugins.text.tests.faults.faulty_run import KEY, FaultyRun, check_equal, faulty_run, files_with

WORDS = (
    "--trainer",
    "expert-iteration",
    "backend=openai",
    "backend.model=base",
    "backend.timeout=1.0",
    "backend.min_rows=1",
    "iterations=2",
    "episodes=8",
    "test_episodes=4",
    "fine_tune.min_rows=1",
    "fine_tune.poll_seconds=0.01",
    "fine_tune.max_poll_seconds=0.1",
    "fine_tune.backoff=0.02",
    "fine_tune.max_attempts=5",
    "limits.backoff=0.02",
    "limits.max_backoff=0.2",
    "run.progress_bar=none",
)
QUICK, SLOW = 6, 200
CHAT_FAULTS = ("500-after", "timeout-after", "429", "cut-json", "cut-connection", "no-json", "late")


@pytest.fixture(scope="session")
def undisturbed(provider, tmp_path_factory) -> FaultyRun:
    run = faulty_run(provider, WORDS, tmp_path_factory.mktemp("undisturbed") / "run")
    assert run.attempts == 1
    assert len(run.report["jobs"]) == 4
    assert len(run.report["models"]) == 5
    return run


def check(provider, undisturbed, folder: Path, schedule: Schedule) -> FaultyRun:
    run = faulty_run(provider, WORDS, folder, schedule)
    check_equal(run, undisturbed, schedule)
    assert not files_with(KEY, folder)
    return run


@pytest.mark.parametrize("seed", range(QUICK))
def test_random_faults_change_nothing(provider, undisturbed, tmp_path, seed):
    schedule = random_schedule(seed, undisturbed.extent)
    check(provider, undisturbed, tmp_path / "run", schedule)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(QUICK, SLOW))
def test_many_random_faults_change_nothing(provider, undisturbed, tmp_path, seed):
    schedule = random_schedule(seed, undisturbed.extent)
    check(provider, undisturbed, tmp_path / "run", schedule)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(60))
def test_a_kill_at_any_call_or_save_changes_nothing(provider, undisturbed, tmp_path, part):
    calls = undisturbed.calls
    at = int(calls * (part + random.Random(part).random()) / 60) + 1
    run = check(provider, undisturbed, tmp_path / "run", Schedule(seed=0, kills=(Kill(place="call", at=at),)))
    assert run.kills == 1


@pytest.mark.slow
@pytest.mark.parametrize("operation", ["list", "upload", "create", "poll", "model"])
@pytest.mark.parametrize("moment", ["kill-before", "kill-after", "kill-answered"])
def test_a_kill_at_any_request_changes_nothing(provider, undisturbed, tmp_path, operation, moment):
    for at in range(1, undisturbed.report["requests"][operation] + 1):
        schedule = Schedule(
            seed=at,
            requests=(RequestFault(operation=operation, at=at, fault=moment),),
            knows_idempotency=at % 2 == 0,
        )
        run = check(provider, undisturbed, tmp_path / f"run-{at}", schedule)
        assert run.kills <= 1


@pytest.mark.slow
@pytest.mark.parametrize("fault", CHAT_FAULTS)
def test_generations_are_paid_once_through(provider, undisturbed, tmp_path, fault):
    requests = tuple(RequestFault(operation="chat", at=at, fault=fault) for at in range(1, 80, 9))
    check(provider, undisturbed, tmp_path / "run", Schedule(seed=0, requests=requests))


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["fail", "cancel", "forget", "pause", "unknown-state", "model-named-late"])
def test_the_result_is_the_same_though_jobs(provider, undisturbed, tmp_path, fault):
    jobs = (JobFault(at=1, fault=fault), JobFault(at=4, fault=fault))
    check(provider, undisturbed, tmp_path / "run", Schedule(seed=0, jobs=jobs))

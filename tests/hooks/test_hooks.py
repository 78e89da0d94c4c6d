"""Every hook, called by real runs of the ``kernel`` command for a listener that was found by its entry point."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from tests.hooks.hook_lock import declared_hooks


@pytest.mark.parametrize("hook", declared_hooks())
def test_every_hook_has_a_test(hook):
    tree = ast.parse(Path(__file__).read_text(encoding="utf-8"))
    tests = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert any(name.startswith(f"test_{hook}") for name in tests)


# Runs


def test_on_run_started_comes_once_for_each_attempt(resumed):
    assert resumed.calls("on_run_started") == [{"attempt": 1, "seed": 0}, {"attempt": 2, "seed": 0}]


def test_on_run_finished_comes_when_everything_is_on_disk(finished):
    assert finished.calls("on_run_finished") == [{"status": "finished"}]


def test_on_run_stopped_tells_the_reason(resumed):
    assert [call["reason"] for call in resumed.calls("on_run_stopped")] == ["the listener says so"]


def test_on_run_failed_tells_the_error(failed):
    assert [call["error"] for call in failed.calls("on_run_failed")] == ["ValueError('as asked')"]
    assert failed.calls("on_run_finished") == []


def test_on_metrics_logged_gets_every_record(finished):
    train = [call for call in finished.calls("on_metrics_logged") if call["phase"] == "train"]
    assert [(call["iteration"], call["metrics"]) for call in train] == [
        (0, {"total": 0}),
        (1, {"total": 1}),
        (2, {"total": 3}),
    ]


def test_on_metric_reported_gets_every_value(finished):
    assert [call["value"] for call in finished.calls("on_metric_reported")] == [0.0, 1.0, 3.0]


def test_on_artifact_kept_comes_when_the_file_is_complete(finished):
    assert finished.calls("on_artifact_kept") == [{"path": "artifacts/note.txt", "content": "kept"}]


# Training loops


def test_on_phase_started_tells_total_and_what_was_done_before(finished, resumed):
    assert finished.calls("on_phase_started") == [
        {"phase": "train", "total": 3, "completed": 0},
        {"phase": "test", "total": 1, "completed": 0},
    ]
    assert {"phase": "train", "total": 3, "completed": 1} in resumed.calls("on_phase_started")


def test_on_iteration_ended_comes_at_every_iteration(finished):
    assert finished.calls("on_iteration_ended") == [
        {"phase": "train", "completed": 1},
        {"phase": "train", "completed": 2},
        {"phase": "train", "completed": 3},
        {"phase": "test", "completed": 1},
    ]


def test_on_phase_ended_comes_once_for_each_phase(finished):
    assert finished.calls("on_phase_ended") == [{"phase": "train"}, {"phase": "test"}]


def test_should_stop_ends_the_attempt_at_a_boundary(resumed):
    assert resumed.calls("should_stop")[0] == {"phase": "train", "completed": 1}
    assert resumed.calls("on_iteration_ended")[:2] == [
        {"phase": "train", "completed": 1},
        {"phase": "train", "completed": 2},
    ]


# Loss modules


def test_make_loss_module_is_answered_by_the_first_plugin_that_knows_the_name(finished):
    assert finished.calls("make_loss_module") == [{"trainer": "EveryHookTrainer", "name": "ours"}]
    logged = [call["metrics"] for call in finished.calls("on_metrics_logged") if call["phase"] == "test"]
    assert logged == [{"loss_module": len("the listener's loss")}]


def test_on_losses_computed_gets_the_losses(finished):
    assert finished.calls("on_losses_computed") == [{"losses": {"loss": 0.5}}] * 3


# Progress bars


def test_make_progress_bar_that_answers_nothing_leaves_it_to_the_kernel(finished):
    assert finished.calls("make_progress_bar") == [{"name": "auto"}]


# Checkpoints


def test_save_checkpoint_gets_the_state_and_an_empty_folder(finished):
    assert finished.calls("save_checkpoint")[-1] == {"trainer": {"total": 3}, "files": []}


def test_load_checkpoint_gets_a_complete_folder(resumed):
    assert resumed.calls("load_checkpoint") == [{"files": ["manifest.json", "state.json"]}]


def test_on_checkpoint_saved_follows_every_checkpoint(finished):
    saved = finished.calls("on_checkpoint_saved")
    assert len(saved) == len(finished.calls("save_checkpoint"))
    assert saved[-1]["completed"] == {"train": 3, "test": 1}


def test_on_checkpoint_restored_names_the_checkpoint(resumed):
    stopped_at = [
        call["number"] for call in resumed.calls("on_checkpoint_saved") if call["completed"] == {"train": 1}
    ]
    assert resumed.calls("on_checkpoint_restored") == [{"number": stopped_at[-1]}]


# Fine-tune jobs


def test_create_fine_tune_job_is_answered_by_a_provider(finished):
    assert finished.calls("create_fine_tune_job") == [{"key": "key-1"}]


def test_poll_fine_tune_job_gets_the_job_that_was_created(finished):
    assert finished.calls("poll_fine_tune_job") == [{"identifier": "job-1"}]


def test_cancel_fine_tune_job_gets_the_job(finished):
    assert finished.calls("cancel_fine_tune_job") == [{"identifier": "job-1"}]


def test_on_fine_tune_job_changed_tells_the_state_before(finished):
    assert finished.calls("on_fine_tune_job_changed") == [{"identifier": "job-1", "previous": None}]


# Studies


def test_on_study_started_names_the_study(finished):
    assert finished.calls("on_study_started") == [{"study": "s"}]


def test_on_trial_started_gets_the_trial(finished):
    assert finished.calls("on_trial_started") == [{"study": "s", "number": 0}]


def test_on_trial_reported_gets_the_value(finished):
    assert finished.calls("on_trial_reported") == [{"number": 0, "metric": "total", "value": 3.0}]


def test_on_trial_ended_gets_how_it_ended(finished):
    assert finished.calls("on_trial_ended") == [{"number": 0, "state": "finished"}]


def test_on_study_finished_names_the_study(finished):
    assert finished.calls("on_study_finished") == [{"study": "s"}]

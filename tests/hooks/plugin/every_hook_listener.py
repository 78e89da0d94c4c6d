"""A listener that implements every hook and writes each call, as a line of JSON, to the file in $HOOK_CALLS."""

import json
import os
from pathlib import Path

from mlkernel import FineTuneJob, hookimpl


def record(hook, **facts):
    with Path(os.environ["HOOK_CALLS"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"hook": hook, **facts}) + "\n")


class EveryHook:
    @hookimpl
    def on_run_started(self, run):
        record("on_run_started", attempt=run.attempt, seed=run.seed)

    @hookimpl
    def on_run_finished(self, run):
        record("on_run_finished", status=json.loads((run.directory / "status.json").read_text())["state"])

    @hookimpl
    def on_run_stopped(self, run, reason):
        record("on_run_stopped", run=run.id, reason=reason)

    @hookimpl
    def on_run_failed(self, run, error):
        record("on_run_failed", run=run.id, error=repr(error))

    @hookimpl
    def on_metrics_logged(self, run, record):
        globals()["record"](
            "on_metrics_logged", phase=record.phase, iteration=record.iteration, metrics=dict(record.metrics)
        )

    @hookimpl
    def on_metric_reported(self, run, metric, value):
        record("on_metric_reported", metric=metric, value=value)

    @hookimpl
    def on_artifact_kept(self, run, path):
        record("on_artifact_kept", path=str(path.relative_to(run.directory)), content=path.read_text())

    @hookimpl
    def on_phase_started(self, run, phase, total, completed):
        record("on_phase_started", phase=phase, total=total, completed=completed)

    @hookimpl
    def on_iteration_ended(self, run, phase, completed):
        record("on_iteration_ended", phase=phase, completed=completed)

    @hookimpl
    def on_phase_ended(self, run, phase):
        record("on_phase_ended", phase=phase)

    @hookimpl
    def should_stop(self, run, phase, completed):
        record("should_stop", phase=phase, completed=completed)
        return "the listener says so" if run.attempt == 1 and run.config.stoppable else None

    @hookimpl
    def make_loss_module(self, run, trainer, name):
        record("make_loss_module", trainer=type(trainer).__name__, name=name)
        return "the listener's loss" if name == "ours" else None

    @hookimpl
    def on_losses_computed(self, run, losses):
        record("on_losses_computed", losses=dict(losses))

    @hookimpl
    def make_progress_bar(self, run, name):
        record("make_progress_bar", name=name)

    @hookimpl
    def save_checkpoint(self, run, state, directory):
        record(
            "save_checkpoint", trainer=state["kept"]["trainer"], files=[p.name for p in directory.iterdir()]
        )

    @hookimpl
    def load_checkpoint(self, run, directory):
        record("load_checkpoint", files=sorted(path.name for path in directory.iterdir()))

    @hookimpl
    def on_checkpoint_saved(self, run, checkpoint):
        record("on_checkpoint_saved", number=checkpoint.number, completed=dict(checkpoint.manifest.completed))

    @hookimpl
    def on_checkpoint_restored(self, run, checkpoint):
        record("on_checkpoint_restored", number=checkpoint.number)

    @hookimpl
    def create_fine_tune_job(self, run, request):
        record("create_fine_tune_job", key=request.key)
        return FineTuneJob(key=request.key, provider=request.provider, identifier="job-1", state="pending")

    @hookimpl
    def poll_fine_tune_job(self, run, job):
        record("poll_fine_tune_job", identifier=job.identifier)
        return job

    @hookimpl
    def cancel_fine_tune_job(self, run, job):
        record("cancel_fine_tune_job", identifier=job.identifier)
        return job

    @hookimpl
    def on_fine_tune_job_changed(self, run, job, previous):
        record("on_fine_tune_job_changed", identifier=job.identifier, previous=previous)

    @hookimpl
    def on_study_started(self, study):
        record("on_study_started", study=study)

    @hookimpl
    def on_trial_started(self, study, trial):
        record("on_trial_started", study=study, number=trial.number)

    @hookimpl
    def on_trial_reported(self, study, trial, metric, value):
        record("on_trial_reported", number=trial.number, metric=metric, value=value)

    @hookimpl
    def on_trial_ended(self, study, trial):
        record("on_trial_ended", number=trial.number, state=trial.state)

    @hookimpl
    def on_study_finished(self, study):
        record("on_study_finished", study=study)

"""One job at work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from attrs import frozen
from safetensors.torch import load_file, save

from mlkernel_locallm.model.weights import write_atomically
from mlkernel_locallm.server.graders.grading import Grading
from mlkernel_locallm.server.jobs.evaluation import Evaluation
from mlkernel_locallm.server.jobs.job_options import job_method, job_options
from mlkernel_locallm.server.jobs.job_store import JobStore
from mlkernel_locallm.server.jobs.step_metrics import StepMetrics
from mlkernel_locallm.server.jobs.training_rows import training_rows
from mlkernel_locallm.server.model_shelf import ModelShelf
from mlkernel_locallm.server.store.file_store import FileStore
from mlkernel_locallm.server.store.identifier import now
from mlkernel_locallm.server.store.resources import Document
from mlkernel_locallm.tuning.tuning import Tuning, TuningStep

CHECKPOINTED_EPOCHS = 3
"""The last epochs, each of which leaves a model."""


class Interrupted(Exception):  # noqa: N818 - nothing went wrong
    """The job was cancelled or paused, or the server is closed."""


@frozen(kw_only=True)
class Workshop:
    """What a job works with."""

    store: JobStore
    files: FileStore
    models: ModelShelf
    grading: Grading
    folder: Path
    """Where states of unfinished jobs lie."""


class TuningRun:
    """Runs a job from where it stands to its end.

    The state is kept at the end of each epoch and when the job is interrupted. A process that is killed loses what
    came after it; the job goes on from there and ends with the same model, bit for bit, since what a step does depends
    on the job and the step alone.

    :param is_interrupted: asked after each step.
    """

    def __init__(self, workshop: Workshop, job: Document, is_interrupted: Callable[[], bool]) -> None:
        self._workshop = workshop
        self._job = job
        self._id: str = job["id"]
        self._is_interrupted = is_interrupted
        self._metrics = StepMetrics(workshop.store, self._id)
        self._state = workshop.folder / f"{self._id}.safetensors"

    def run(self) -> None:
        """Train, and put the model on the shelf.

        :raises Interrupted: when asked to stop; the state was kept.
        :raises TrainingFileError: for files that cannot be used.
        """
        tuning, evaluation = self._prepare()
        for step in tuning:
            self._after_step(step, tuning, evaluation)
            if self._is_interrupted() and tuning.steps_done < tuning.total_steps:
                self._keep(tuning)
                raise Interrupted
        self._finish(tuning)

    def forget(self) -> None:
        """Remove the kept state."""
        self._state.unlink(missing_ok=True)

    def _prepare(self) -> tuple[Tuning, Evaluation | None]:
        network = self._workshop.models.load(self._job["model"])
        method, options = job_method(self._job), job_options(self._job)
        rows: dict[str, list[dict[str, Any]]] = {}
        for param in ("training_file", "validation_file"):
            if (identifier := self._job[param]) is not None:
                rows[param] = training_rows(
                    self._workshop.files,
                    identifier,
                    param,
                    method=method,
                    options=options,
                    context=network.config.context,
                )
        self._move("validating_files", "queued", "Files validated, moving job to queued state")
        self._move("queued", "running", "Fine-tuning job started")
        grader = self._workshop.grading.for_job(self._job)
        tuning = Tuning(network, rows["training_file"], method, options, grader=grader)
        if self._state.exists():
            tuning.load_state_dict(load_file(self._state))
        if "validation_file" not in rows:
            return tuning, None
        return tuning, Evaluation(self._job, network, rows["validation_file"], grader)

    def _move(self, before: str, after: str, message: str) -> None:
        if self._job["status"] == before:
            moved = self._workshop.store.change(self._id, {"status": after}, message=message)
            if moved is None:
                raise Interrupted
            self._job = moved

    def _after_step(self, step: TuningStep, tuning: Tuning, evaluation: Evaluation | None) -> None:
        last_of_epoch = step.number % tuning.steps_per_epoch == 0 or step.number == tuning.total_steps
        metrics: dict[str, float] = {"train_loss": step.loss}
        metrics.update({f"train_{name}": value for name, value in step.metrics.items()})
        if evaluation is not None and (last_of_epoch or evaluation.is_due(step.number)):
            metrics.update(evaluation.metrics(tuning.model, step.number))
        self._metrics.add(step.number, tuning.total_steps, metrics)
        if last_of_epoch:
            self._keep(tuning)
            if tuning.total_steps - step.number < CHECKPOINTED_EPOCHS * tuning.steps_per_epoch:
                self._checkpoint(tuning, step.number, metrics)

    def _keep(self, tuning: Tuning) -> None:
        self._metrics.flush()
        write_atomically(self._state, save(tuning.state_dict()))

    def _checkpoint(self, tuning: Tuning, step: int, metrics: Mapping[str, float]) -> None:
        model = self._model_name()
        if step < tuning.total_steps:
            model = f"{model}:ckpt-step-{step}"
            self._save(model, tuning)
        # The last one is the tuned model itself, which is saved with the end of the job.
        self._workshop.store.add_checkpoint(self._id, step, model, metrics)

    def _finish(self, tuning: Tuning) -> None:
        model, workshop = self._model_name(), self._workshop
        results = self._metrics.result_file(workshop.files)
        self._save(model, tuning)
        done = workshop.store.change(
            self._id,
            {
                "status": "succeeded",
                "fine_tuned_model": model,
                "finished_at": now(),
                "result_files": [results["id"]],
                "trained_tokens": tuning.trained_tokens,
            },
            message="The job has successfully completed",
        )
        if done is None:  # a client was faster
            workshop.models.remove(model)
            workshop.files.remove(results["id"])
            raise Interrupted
        self.forget()

    def _save(self, model: str, tuning: Tuning) -> None:
        models = self._workshop.models
        models.save(model, tuning.model)
        models.add(model, created=now(), notes={"parent": self._job["model"], "job": self._id})

    def _model_name(self) -> str:
        started_from = self._job["model"]
        root = started_from.split(":")[1] if started_from.startswith("ft:") else started_from
        return f"ft:{root}:local:{self._job['user_provided_suffix'] or ''}:{self._id.removeprefix('ftjob-')[:10]}"

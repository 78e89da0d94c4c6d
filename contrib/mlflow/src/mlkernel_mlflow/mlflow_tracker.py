"""A run of MLflow for each run; the runs of a study are nested in one for the study."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, TypeVar

from mlkernel import RunFacts, TrackedRecord, TrackedRun
from mlkernel_mlflow.mlflow_config import MlflowConfig
from mlkernel_mlflow.mlflow_library import Metric, MlflowClient, MlflowException, Param, Run, RunTag
from mlkernel_mlflow.names import LONGEST_TAG, mlflow_name, parameter_text, shortened
from mlkernel_mlflow.tracking_uri import artifact_location, tracking_uri, without_password

KEY = "mlkernel.key"
"""The tag by which a run is found again, also after a kill between its beginning and the note of its number."""
STATES = {
    "pending": "SCHEDULED",
    "running": "RUNNING",
    "finished": "FINISHED",
    "failed": "FAILED",
    "stopped": "KILLED",
}
T = TypeVar("T")

METRICS_AT_ONCE = 1000
TAGS_AT_ONCE = 100


class MlflowTracker:
    """Metrics are named ``train/loss``; options are parameters, and everything else about a run is a tag.

    MLflow stores a metric of one name, step, time and value once, so that what is sent again changes nothing.
    Parameters never change there: options that a resume changed are tags ``changed.PATH``.
    """

    rewrites: ClassVar[bool] = False

    def __init__(self, config: MlflowConfig, run: TrackedRun, memory: Mapping[str, str] | None) -> None:
        """Find the run, or begin it."""
        self._run, self._upload = run, config.upload_artifacts
        self._uploaded: dict[str, int] = {}
        """Names of artifacts, and when they were written."""
        self._uri = tracking_uri(config.uri, None if memory is None else memory["uri"])
        self._client = MlflowClient(self._uri)
        if memory is None:
            self._experiment = self._find_experiment(config.experiment)
            found = self._find(run.key) or self._begin(run)
        else:
            self._experiment = memory["experiment"]
            found = self._client.get_run(memory["run"])
        self._id: str = found.info.run_id
        self._results: dict[str, float] = dict(found.data.metrics)
        self._introduce(run, found)

    @property
    def memory(self) -> Mapping[str, str]:
        """The address without a password, the number of the experiment, and that of the run."""
        return {"uri": without_password(self._uri), "experiment": self._experiment, "run": self._id}

    def log(self, records: Sequence[TrackedRecord]) -> None:
        """Send metrics in as few requests as MLflow allows."""
        metrics = [
            Metric(mlflow_name(name), value, _milliseconds(record.time), int(record.step))
            for record in records
            for name, value in record.named_metrics().items()
        ]
        for part in _parts(metrics, METRICS_AT_ONCE):
            self._client.log_batch(self._id, metrics=part)

    def describe(self, facts: RunFacts) -> None:
        """Set tags, the best values as metrics, and how the run stands."""
        tags = {
            "mlkernel.attempts": str(facts.attempts),
            **({"mlkernel.reason": facts.reason} if facts.reason else {}),
            **{f"note.{name}": text for name, text in facts.notes.items()},
            **{f"changed.{path}": text for path, text in facts.changes.items()},
            **{f"artifact.{self._run.artifact_name(path)}": str(path) for path in facts.artifacts},
        }
        self._set_tags(tags)
        for name, value in facts.results.items():
            metric = mlflow_name(f"best/{name}")
            if self._results.get(metric) != value:
                self._client.log_metric(self._id, metric, value, step=facts.attempts)
                self._results[metric] = value
        if self._upload:
            for path in facts.artifacts:
                self._upload_artifact(path)
        if facts.state in ("pending", "running"):
            self._client.update_run(self._id, status=STATES[facts.state])
        else:
            self._client.set_terminated(self._id, STATES[facts.state], _milliseconds(time.time()))

    def close(self) -> None:
        """Nothing is held."""

    def _upload_artifact(self, path: Path) -> None:
        name, written = self._run.artifact_name(path), path.stat().st_mtime_ns
        if self._uploaded.get(name) != written:
            self._client.log_artifact(self._id, str(path), name.rpartition("/")[0] or None)
            self._uploaded[name] = written

    def _find_experiment(self, name: str) -> str:
        experiment = self._client.get_experiment_by_name(name)
        if experiment is None:
            try:
                return str(self._client.create_experiment(name, artifact_location(self._uri)))
            except MlflowException:  # another process made it meanwhile
                experiment = self._client.get_experiment_by_name(name)
                if experiment is None:
                    raise
        return str(experiment.experiment_id)

    def _find(self, key: str) -> Run | None:
        found = self._client.search_runs([self._experiment], f"tags.`{KEY}` = '{key}'", max_results=1)
        return found[0] if found else None

    def _begin(self, run: TrackedRun) -> Run:
        tags = {KEY: run.key}
        parent = None if run.group_key is None else self._find(run.group_key)
        if parent is not None:
            tags["mlflow.parentRunId"] = parent.info.run_id
        return self._client.create_run(self._experiment, _milliseconds(run.created), tags, run.name)

    def _introduce(self, run: TrackedRun, found: Run) -> None:
        """Give what MLflow does not have yet."""
        names = {mlflow_name(name): value for name, value in run.parameters.items()}
        missing = [
            Param(name, parameter_text(value))
            for name, value in names.items()
            if name not in found.data.params
        ]
        for part in _parts(missing, TAGS_AT_ONCE):
            self._client.log_batch(self._id, params=part)
        self._set_tags(
            {
                **{f"mlkernel.{name}": text for name, text in run.tags.items()},
                "mlkernel.directory": str(run.directory),
                **({"mlkernel.study": run.group} if run.group is not None else {}),
            }
        )

    def _set_tags(self, tags: Mapping[str, str]) -> None:
        named = [RunTag(mlflow_name(name), shortened(text, LONGEST_TAG)) for name, text in tags.items()]
        for part in _parts(named, TAGS_AT_ONCE):
            self._client.log_batch(self._id, tags=part)


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))

"""A run directory as a tracker is told of it: parameters, tags, and what became of the run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mlkernel.records.artifacts import kept_artifacts
from mlkernel.records.redaction import Redactor
from mlkernel.records.run_directory import RunDirectory
from mlkernel.records.status import Status
from mlkernel.run.plan import Plan, read_plan
from mlkernel.tracker.tracker import Plain, RunFacts, TrackedRun


def describe_run(
    files: RunDirectory, key: str, *, group: str | None = None, group_key: str | None = None
) -> TrackedRun:
    """The run in *files*, from its plan.

    :raises UsageError: the plan cannot be read.
    """
    plan = read_plan(files.plan)
    redactor = Redactor()
    return TrackedRun(
        key=key,
        name=files.run_id,
        directory=files.path,
        group=group,
        group_key=group_key,
        created=datetime.fromisoformat(plan.created).timestamp(),
        parameters=flat_parameters(redactor.value(_searchable(plan.config))),
        tags={name: redactor.text(text) for name, text in _tags(plan).items()},
    )


def run_facts(files: RunDirectory, status: Status) -> RunFacts:
    """What became of the run in *files* so far."""
    redactor = Redactor()
    best = status.best
    revisions = read_plan(files.plan).revisions
    changes = {path: value for revision in revisions for path, value in revision.changes.items()}
    return RunFacts(
        state=status.state,
        reason=None if status.reason is None else redactor.text(status.reason),
        attempts=len(status.attempts),
        results={} if best is None else {best.metric: best.value},
        notes={name: _text(value) for name, value in redactor.value(status.notes).items()},
        changes={path: _text(value) for path, value in redactor.value(changes).items()},
        artifacts=tuple(kept_artifacts(files.artifacts)),
    )


def flat_parameters(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Plain]:
    """*tree* by paths such as ``trainer.env.name``; lists become JSON text."""
    flat: dict[str, Plain] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping) and value:
            flat |= flat_parameters(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = json.dumps(value) if isinstance(value, Mapping | list) else value
    return flat


def _searchable(config: Mapping[str, Any]) -> dict[str, Any]:
    """The sections that hold options; not the version of the file's layout."""
    return {name: section for name, section in config.items() if isinstance(section, Mapping)}


def _tags(plan: Plan) -> dict[str, str]:
    trainer, provenance = plan.trainer, plan.provenance
    return {
        "trainer": trainer.name,
        "reference": trainer.reference,
        **({"version": trainer.version} if trainer.version else {}),
        "seed": str(plan.seed),
        "created": plan.created,
        "mlkernel": provenance["mlkernel"],
        "python": provenance["python"],
        "command": " ".join(provenance["command"]),
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)

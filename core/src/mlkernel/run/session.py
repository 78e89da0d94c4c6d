"""The story of a run.

``kernel run`` resolves the trainer's name, builds and checks its configuration, writes both into one plan, opens a run
directory for it, and trains. ``kernel resume`` reads the plan back and trains on. Whatever happens then, the run's
directory tells it.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import attrs

from mlkernel.config.choice import chosen_components
from mlkernel.config.files import read_config_file
from mlkernel.config.layers import Assignment
from mlkernel.config.sections import RunConfiguration, build, from_plain, named_trainer, to_plain
from mlkernel.discovery.component import Component
from mlkernel.discovery.listeners import listeners as installed_listeners
from mlkernel.discovery.name_resolution import resolve
from mlkernel.errors import UsageError
from mlkernel.records.atomic_file import storage_errors
from mlkernel.records.run_directory import RunDirectory, runs_root
from mlkernel.records.run_lock import RunLock
from mlkernel.records.status import Status, read_status
from mlkernel.run.attempt import Attempt, Outcome
from mlkernel.run.plan import ChosenTrainer, Plan, Revision, read_plan
from mlkernel.run.provenance import current_command, describe_provenance


def start_run(
    trainer: str | None = None,
    *,
    config_files: Sequence[str | Path] = (),
    overrides: Sequence[str | Assignment] = (),
    runs: str | Path | None = None,
    run_id: str | None = None,
    listeners: Sequence[object] | None = None,
    opened: Callable[[Path], None] | None = None,
) -> Outcome:
    """Make a plan, open a run directory for it, and train.

    :param trainer: a name, ``distribution:name``, ``package.module:Attribute`` or ``./file.py:Attribute``; without
        it, what the configuration files ``use``.
    :param config_files: TOML, YAML or JSON; later ones lie over earlier ones.
    :param overrides: ``path=value``, over the files.
    :param runs: the folder of run directories; by default ``$MLKERNEL_RUNS``, or ``runs`` in the current folder.
    :param run_id: the name of the run directory, which may exist if no run was started in it; made up by default.
        Checkpoints that lie in it are gone on from.
    :param listeners: objects with hook implementations, in place of the installed listeners.
    :param opened: called with the run directory, which holds the plan, before anything is trained.
    :raises UsageError: something that was asked for is wrong; no run directory is left behind, unless
        it was named.
    :raises TrainingError: the trainer raised; the run can be resumed.
    """
    layers = [read_config_file(path) for path in config_files]
    component = resolve("trainer", named_trainer(trainer, layers))
    configuration = build(component.config_class(), layers, overrides, descriptor=component.descriptor)
    heard_by = _listeners(listeners, configuration)
    plan = make_plan(component, configuration, [one for one in heard_by if isinstance(one, Component)])
    if run_id is not None:
        plan = attrs.evolve(plan, run_id=run_id)
    files = RunDirectory(runs_root(runs).absolute() / plan.run_id)  # a trainer may change the current folder
    with storage_errors(files.path):
        files.path.mkdir(parents=True, exist_ok=run_id is not None)
    _refuse_started(files)
    try:
        with RunLock(files.lock):
            plan.write(files.plan)
            if opened is not None:
                opened(files.path)
            return Attempt(files, plan, component, configuration, Status(), heard_by).train()
    except UsageError:
        if run_id is None and _is_untouched(files):
            shutil.rmtree(files.path, ignore_errors=True)
        raise


def resume_run(
    directory: str | Path,
    *,
    overrides: Sequence[str | Assignment] = (),
    listeners: Sequence[object] | None = None,
) -> Outcome:
    """Train on from the newest intact checkpoint; a finished run only if *overrides* are given.

    :param directory: the run directory.
    :param overrides: ``path=value``, over the configuration that the run had.
    :param listeners: objects with hook implementations, in place of the installed listeners.
    :raises UsageError: an override is wrong or changes the seed, the run is locked, or none of its checkpoints can be
        read.
    :raises TrainingError: the trainer raised; the run can be resumed again.
    """
    files = RunDirectory(Path(directory).resolve())
    read_plan(files.plan)  # before the lock, which would leave a file in a folder that is no run directory
    with RunLock(files.lock):
        # Read under the lock: another attempt may have been about to write its last words.
        plan, status = read_plan(files.plan), read_status(files)
        if status.state == "finished" and not overrides:
            return Outcome(files.path, status, "it had finished before")
        component = resolve("trainer", plan.trainer.reference)
        configuration = from_plain(
            component.config_class(),
            plan.config,
            overrides,
            source=str(files.plan),
            descriptor=component.descriptor,
        )
        plan = _revise(plan, configuration, attempt=len(status.attempts) + 1)
        plan.write(files.plan)
        heard_by = _listeners(listeners, configuration)
        return Attempt(files, plan, component, configuration, status, heard_by).train()


def make_plan(
    component: Component, configuration: RunConfiguration, listeners: Iterable[Component] = ()
) -> Plan:
    """Write down what was chosen, with a new run's name: trainer, time and eight hexadecimal digits.

    :param listeners: the installed ones that take part.
    """
    now = datetime.now(UTC)
    label = re.sub(r"[^\w.-]+", "-", configuration.run.name or component.name).strip("-")
    return Plan(
        run_id=f"{label}-{now:%Y%m%d-%H%M%S}-{os.urandom(4).hex()}",
        created=now.isoformat(timespec="seconds"),
        trainer=ChosenTrainer(
            name=component.name,
            reference=component.reference,
            distribution=component.distribution,
            version=component.version,
        ),
        config=to_plain(configuration),
        provenance=describe_provenance(
            [component, *chosen_components(configuration.trainer), *listeners], current_command()
        ),
    )


def _listeners(
    given: Sequence[object] | None, configuration: RunConfiguration
) -> Sequence[Component | object]:
    """Who hears of a run: objects that were given for it, or else the installed components."""
    return installed_listeners(strict=configuration.run.strict_plugins) if given is None else given


def _refuse_started(files: RunDirectory) -> None:
    if files.plan.exists():
        raise UsageError(
            f"there is a run in {files.path} already", hint=f"kernel resume {files.path} trains it on."
        )


def _is_untouched(files: RunDirectory) -> bool:
    """Whether nothing was done in the run directory yet that somebody could miss."""
    made = (files.checkpoints, files.journal, files.artifacts)
    return not any(path.exists() for path in made) and not (
        files.metrics.exists() and files.metrics.stat().st_size
    )


def _revise(plan: Plan, configuration: RunConfiguration, attempt: int) -> Plan:
    """The plan with the values that *configuration* changes.

    :raises UsageError: the seed is one of them.
    """
    if configuration.run.seed != plan.seed:
        raise UsageError(
            f"the seed of run {plan.run_id} is {plan.seed} and cannot be changed",
            hint="What was trained so far comes from it: start another run with kernel run --seed.",
        )
    config = to_plain(configuration)
    changes = {
        f"{section}.{key}": value
        for section, values in config.items()
        if isinstance(values, dict)
        for key, value in values.items()
        if plan.config.get(section, {}).get(key) != value
    }
    if not changes:
        return plan
    return attrs.evolve(
        plan, config=config, revisions=(*plan.revisions, Revision(attempt=attempt, changes=changes))
    )

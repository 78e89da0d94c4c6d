"""Classes that are trained step by step, as Ray's trainable classes are, whether Ray is installed or not."""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlkernel.records.run_directory import RunDirectory
from mlkernel.run.random_stream import seed_global_generators
from mlkernel.study.worker.abilities import Abilities
from mlkernel.study.worker.checkpoint_copy import copy_checkpoint
from mlkernel.study.worker.class_checkpoints import ClassCheckpoints
from mlkernel.study.worker.context_arguments import context_arguments, wanted_context
from mlkernel.study.worker.failure import print_traceback
from mlkernel.study.worker.messages import TrainRun
from mlkernel.study.worker.point import nested_config
from mlkernel.study.worker.run_reports import Ending, RunReports, TargetError
from mlkernel.study.worker.trainable_methods import (
    TrainableMethods,
    check_trainable,
    has_checkpoints,
    is_made_by_ray,
)

SAVE_SECONDS = 30.0
"""How much training may be lost with a worker, if the class has checkpoints."""


class ClassTarget:
    """Makes an object for each run, unless its class can give an old one another configuration."""

    def __init__(self, trainable_class: type, name: str) -> None:
        check_trainable(trainable_class, name)
        self._saves = has_checkpoints(trainable_class)
        self._class = trainable_class
        self._name = name
        self._methods: TrainableMethods | None = None
        """Of the object of the run before."""
        self._trainable: Any = None

    @property
    def abilities(self) -> Abilities:
        """A class without the two methods of checkpoints begins anew."""
        return Abilities(resumes=self._saves, copies=self._saves)

    def train(self, order: TrainRun, reports: RunReports) -> Ending | None:
        """Train step by step up to the study's last one, or the scheduler's; a single one if neither names any."""
        own = RunDirectory(Path(order.directory))
        if order.source is not None:
            copy_checkpoint(RunDirectory(Path(order.source)), own)
        seed_global_generators(order.seed)
        methods = self._ready(nested_config(order), order)
        checkpoints = ClassCheckpoints(own.checkpoints, methods, self._name)
        done = checkpoints.restore()
        if order.resume and order.source is None and (ending := reports.ending_at(done)) is not None:
            return ending  # an earlier attempt came as far, and was lost before it could say so
        limit = order.max_step or order.until or 1
        saved_at = time.monotonic()
        while done < limit:
            result = self._checked(methods.step(), order)
            done += 1
            ending = reports.report(result, done)
            pauses = ending is not None and ending.state == "paused"
            if pauses or time.monotonic() - saved_at > SAVE_SECONDS:
                reports.confirm()
                checkpoints.save(done)
                saved_at = time.monotonic()
            if ending is not None:
                return ending
            if result.get("done"):
                return None
        return None

    def close(self) -> None:
        """Let the object of the last run clean up."""
        methods, self._methods, self._trainable = self._methods, None, None
        if methods is not None and methods.cleanup is not None:
            try:
                methods.cleanup()
            except Exception as error:  # noqa: BLE001 - how the run ended is decided
                print_traceback(error)

    def _ready(self, config: dict[str, Any], order: TrainRun) -> TrainableMethods:
        """The methods of an object that has *config* and has not been trained."""
        if self._methods is not None:
            if self._methods.reset is not None and self._methods.reset(copy.deepcopy(config)):
                self._trainable.config = config
                return self._methods
            self.close()
        by_ray = is_made_by_ray(self._class)
        self._trainable = self._class(config=config) if by_ray else self._class()
        self._methods = TrainableMethods.of(self._trainable)
        if not by_ray:
            self._trainable.config = config
        setup = self._methods.setup
        if setup is not None and not (by_ray and setup.__name__ == "setup"):
            setup(copy.deepcopy(config), **context_arguments(wanted_context(setup), order))
        return self._methods

    def _checked(self, result: Any, order: TrainRun) -> dict[str, Any]:
        """The numbers of what a step returned; whatever else it holds is of no use here."""
        if not isinstance(result, Mapping):
            raise TargetError(
                f"a step of {self._name} returned {result!r:.80}", hint="It returns a dictionary of metrics."
            )
        objectives = dict(order.objectives)
        return {
            key: value
            for key, value in result.items()
            if key in objectives or isinstance(value, int | float) or getattr(value, "shape", None) == ()
        }

"""What can be trained in a study, found by what the study calls its trainer."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from mlkernel.descriptors import Descriptor
from mlkernel.discovery.loading import load_attribute
from mlkernel.errors import PluginError, UsageError
from mlkernel.study.worker.abilities import Abilities
from mlkernel.study.worker.former_import import import_advice
from mlkernel.study.worker.messages import TrainRun
from mlkernel.study.worker.run_reports import Ending, RunReports, TargetError

KINDS = ("trainer", "function", "class", "script")


class Target(Protocol):
    """Trains the runs of a worker, one after the other."""

    @property
    def abilities(self) -> Abilities:
        """What trial schedulers may ask of it."""

    def train(self, order: TrainRun, reports: RunReports) -> Ending | None:
        """Train one run.

        :returns: how it was ended before its end; ``None`` if it reached it.
        :raises UsageError: what was asked cannot be done, and could not if it were tried again.
        """

    def close(self) -> None:
        """The worker ends, or trains something else."""


def find_target(asked: Mapping[str, Any]) -> Target:
    """The target that *asked*, the ``target`` of an order, names.

    ``name`` is that of a trainer, ``distribution:name``, ``package.module:Attribute``, ``./file.py:Attribute``, or a
    script ``./file.py`` or ``./file.sh``. What it names decides of which kind it is, unless ``kind`` does.

    :raises UsageError: there is none, it cannot be imported, or it is nothing that can be trained.
    """
    name, kind = str(asked["name"]), asked.get("kind")
    if kind not in (None, *KINDS):
        raise UsageError(f"there is no kind of target {kind!r}", hint=f"One of {', '.join(KINDS)}.")
    if kind == "script" or (kind is None and name.endswith((".py", ".sh"))):
        from mlkernel.study.worker.script_target import ScriptTarget

        return ScriptTarget(Path(name), asked.get("arguments", "mle-toolbox"), asked.get("options", {}))
    found = None if kind == "trainer" else _object(name)
    if found is None or isinstance(found, Descriptor):
        from mlkernel.study.worker.trainer_target import TrainerTarget

        return TrainerTarget(name)
    return _target_of(found, name)


def _object(name: str) -> Any:
    """What is named directly, by module or file; ``None`` for the name of an installed trainer."""
    place, colon, _ = name.rpartition(":")
    if place.endswith(".py"):
        folder = str(Path(place).resolve().parent)
        if folder not in sys.path:
            sys.path.insert(0, folder)  # its neighbours are found, as when the file is run as a script
    elif not colon or _is_installed(name):
        return None
    try:
        found = load_attribute(name, asked_by=f"target {name}")
    except PluginError as error:
        raise PluginError(error.message, hint=import_advice(error.message) or error.hint) from error
    return None if isinstance(found, type) and _is_trainer(found) else found


# What follows is imported when it is needed: a worker that trains a function starts sooner.


def _is_installed(name: str) -> bool:
    from mlkernel.discovery.name_resolution import resolve

    return resolve("trainer", name).distribution is not None


def _is_trainer(found: type) -> bool:
    from mlkernel.run.trainer import Trainer

    return issubclass(found, Trainer)


def _target_of(found: Any, name: str) -> Target:
    if inspect.isclass(found):
        from mlkernel.study.worker.class_target import ClassTarget

        return ClassTarget(found, name)
    if callable(found):
        from mlkernel.study.worker.function_target import FunctionTarget

        return FunctionTarget(found, name)
    raise TargetError(
        f"{name} is of the type {type(found).__name__}; a function, a class or a trainer is needed"
    )

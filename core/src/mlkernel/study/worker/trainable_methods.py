"""The methods of a trainable class, under the names that were in use over the years."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen

from mlkernel.study.worker.run_reports import TargetError

Method = Callable[..., Any]

SETUP = ("setup", "_setup", "initialize")
STEP = ("step", "_train")
SAVE = ("save_checkpoint", "_save")
LOAD = ("load_checkpoint", "_restore")
RESET = ("reset_config",)
CLEANUP = ("cleanup", "_stop")


@frozen(kw_only=True)
class TrainableMethods:
    """Those of one object; ``None`` for what its author left out."""

    setup: Method | None
    """Takes the configuration."""
    step: Method
    """Trains one iteration, and returns a dictionary of metrics."""
    save: Method | None
    """Takes a folder; returns nothing, a path in it, or a dictionary."""
    load: Method | None
    """Takes what :attr:`save` returned, or the folder where that was nothing."""
    reset: Method | None
    """Takes another configuration; says whether the object is as good as a new one."""
    cleanup: Method | None

    @classmethod
    def of(cls, trainable: Any) -> TrainableMethods:
        """Look them up."""
        step = _method(trainable, STEP)
        assert step is not None  # the class was checked
        return cls(
            setup=_method(trainable, SETUP),
            step=step,
            save=_method(trainable, SAVE),
            load=_method(trainable, LOAD),
            reset=_method(trainable, RESET),
            cleanup=_method(trainable, CLEANUP),
        )


def check_trainable(found: type, name: str) -> None:
    """Refuse a class that cannot be trained.

    :raises TargetError: says what it lacks.
    """
    if _method(found, STEP) is None:
        raise TargetError(
            f"the class {name} has no method step",
            hint="A class is trained by setup(config) and step(), which returns a dictionary of metrics; a kernel "
            "trainer derives from mlkernel.Trainer.",
        )
    if (_method(found, SAVE) is None) != (_method(found, LOAD) is None):
        raise TargetError(
            f"the class {name} has only one of save_checkpoint and load_checkpoint",
            hint="Write both, or neither: then a run that was paused or lost begins anew.",
        )


def has_checkpoints(found: type) -> bool:
    """Whether it can save and load what it has learnt."""
    return _method(found, SAVE) is not None and _method(found, LOAD) is not None


def is_made_by_ray(found: type) -> bool:
    """Whether it derives from Ray's ``Trainable``, whose constructor calls ``setup`` itself."""
    return any(_is_rays(base) for base in found.__mro__)


def _method(owner: Any, names: tuple[str, ...]) -> Method | None:
    """The first of *names* that was written by someone other than Ray, whose own methods only raise."""
    classes = (owner if isinstance(owner, type) else type(owner)).__mro__
    for name in names:
        defining = next((one for one in classes if name in vars(one)), None)
        if defining is not None and not _is_rays(defining):
            method: Method = getattr(owner, name)
            return method
    return None


def _is_rays(base: type) -> bool:
    return base.__module__.partition(".")[0] == "ray"

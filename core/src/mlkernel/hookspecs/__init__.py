"""Hook specifications: everything a plugin can listen to or answer, one file per family.

Two sorts, told apart by ``firstresult``:

* **notifications** (``on_...``) return nothing. Every listener is called, and one that raises neither stops the others
  nor the run;
* **questions** are answered by the first implementation that does not return ``None``; the kernel or a first-party
  plugin has the default answer, and ``@hookimpl(wrapper=True)`` may change an answer or act around it.

An implementation names the arguments it wants, any subset of the specification's.
"""

from __future__ import annotations

from mlkernel.hookspecs.checkpoint import CheckpointHooks
from mlkernel.hookspecs.fine_tune_job import FineTuneJobHooks
from mlkernel.hookspecs.loss_module import LossModuleHooks
from mlkernel.hookspecs.markers import PROJECT, hookimpl, hookspec
from mlkernel.hookspecs.progress_bar import ProgressBarHooks
from mlkernel.hookspecs.run import RunHooks
from mlkernel.hookspecs.study import StudyHooks
from mlkernel.hookspecs.train_loop import TrainLoopHooks

FAMILIES: tuple[type, ...] = (
    RunHooks,
    TrainLoopHooks,
    LossModuleHooks,
    ProgressBarHooks,
    CheckpointHooks,
    FineTuneJobHooks,
    StudyHooks,
)
"""All specification classes, in the order of the reference."""

__all__ = ["FAMILIES", "PROJECT", "hookimpl", "hookspec"]

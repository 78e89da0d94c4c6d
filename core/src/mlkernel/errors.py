"""Everything that mlkernel raises on purpose.

KernelError                     exit code 1
├── UsageError                  exit code 2: what was asked cannot be done as asked
│   ├── ConfigError             one or more values of a configuration are wrong
│   ├── UnknownNameError        no such trainer, plugin, metric, run ...
│   ├── NameConflictError       two distributions claim one name
│   ├── PluginError             a chosen plugin cannot be loaded or breaks its contract
│   │   ├── HookError           a hook implementation has an unknown name or wrong arguments
│   │   └── ApiVersionError     made for another major version of the hook specifications
│   ├── RunLockedError          a living process holds the run directory
│   ├── CheckpointError         no checkpoint of the run can be read
│   └── StorageError            the disk is full or refuses to be written
└── TrainingError               the trainer itself failed

RunStopped                      not an error: leaves the trainer, to be resumed, exit code 75
"""

from __future__ import annotations


class KernelError(Exception):
    """Says what was wrong and where, and in *hint* what to do about it."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\n  → {self.hint}"


class UsageError(KernelError):
    """What was asked cannot be done as it was asked."""

    exit_code = 2


class ConfigError(UsageError):
    """Values of a configuration are wrong; the message lists all of them."""


class UnknownNameError(UsageError):
    """A name that nobody provides."""


class NameConflictError(UsageError):
    """Two distributions claim one name."""


class PluginError(UsageError):
    """A chosen plugin cannot be loaded or breaks its contract."""


class HookError(PluginError):
    """A hook implementation whose name or arguments no specification has."""


class ApiVersionError(PluginError):
    """A plugin made for another major version of the hook specifications."""


class RunLockedError(UsageError):
    """A living process holds the run directory."""


class CheckpointError(UsageError):
    """No checkpoint of the run can be read."""


class StorageError(UsageError):
    """The disk is full, or the folder cannot be written."""


class TrainingError(KernelError):
    """The trainer raised; the original exception is the cause."""


class RunStopped(BaseException):
    """Leaves a trainer after the run was asked to stop: at an iteration's end, or where the trainer itself raises it.

    The run is resumed from its last boundary. A ``BaseException``, like ``KeyboardInterrupt``, so that a trainer's
    ``except Exception`` cannot swallow it.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

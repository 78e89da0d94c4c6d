"""What a plugin's own tests need: conformance checks, runs in the test's process, an event recorder, tiny tasks.

::

    from mlkernel.testing import parametrize_with_checks

    @parametrize_with_checks("my-trainer")
    def test_it_keeps_the_contract(check):
        check()
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlkernel.discovery.component import Component
    from mlkernel.testing.check import Check, CheckFailed, CheckResult
    from mlkernel.testing.event_recorder import Event, EventRecorder
    from mlkernel.testing.parametrize import parametrize_with_checks
    from mlkernel.testing.plugin_check import check_plugin
    from mlkernel.testing.progress_recorder import ProgressRecorder
    from mlkernel.testing.recorded_run import RecordedRun, resume_in_process, run_in_process
    from mlkernel.testing.tiny_tasks import Bandit, noisy_line, two_blobs
    from mlkernel.testing.tiny_trainer import TinyTrainer

__all__ = [
    "Bandit",
    "Check",
    "CheckFailed",
    "CheckResult",
    "Component",
    "Event",
    "EventRecorder",
    "ProgressRecorder",
    "RecordedRun",
    "TinyTrainer",
    "check_plugin",
    "noisy_line",
    "parametrize_with_checks",
    "resume_in_process",
    "run_in_process",
    "two_blobs",
]

_MODULES = {
    "Bandit": "testing.tiny_tasks",
    "Check": "testing.check",
    "CheckFailed": "testing.check",
    "CheckResult": "testing.check",
    "Component": "discovery.component",
    "Event": "testing.event_recorder",
    "EventRecorder": "testing.event_recorder",
    "ProgressRecorder": "testing.progress_recorder",
    "RecordedRun": "testing.recorded_run",
    "TinyTrainer": "testing.tiny_trainer",
    "check_plugin": "testing.plugin_check",
    "noisy_line": "testing.tiny_tasks",
    "parametrize_with_checks": "testing.parametrize",
    "resume_in_process": "testing.recorded_run",
    "run_in_process": "testing.recorded_run",
    "two_blobs": "testing.tiny_tasks",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"mlkernel.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return __all__

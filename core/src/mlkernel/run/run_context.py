"""What an attempt gives to its run."""

from __future__ import annotations

from typing import Any

from attrs import frozen
from structlog.typing import FilteringBoundLogger

from mlkernel.checkpoint.state_codec import FindCodec
from mlkernel.config.run_config import CheckpointConfig
from mlkernel.records.run_directory import RunDirectory
from mlkernel.records.status import Status
from mlkernel.run.hook_bus import HookBus
from mlkernel.run.plan import Plan
from mlkernel.run.stop_request import StopRequest


@frozen(kw_only=True)
class RunContext:
    """The parts of an attempt that its run works with."""

    plan: Plan
    files: RunDirectory
    config: Any
    """The trainer's configuration."""
    checkpoint_config: CheckpointConfig
    status: Status
    hooks: HookBus
    logger: FilteringBoundLogger
    stop_request: StopRequest
    find_codec: FindCodec

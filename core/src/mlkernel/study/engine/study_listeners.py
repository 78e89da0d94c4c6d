"""The installed listeners, as those who hear of a study."""

from __future__ import annotations

import warnings

from mlkernel.discovery.listeners import listeners
from mlkernel.run.hook_bus import HookBus


def study_listeners() -> HookBus | None:
    """A bus with every installed listener; ``None`` when there is none.

    One that cannot be made is left out with a warning: nobody chose it for this study.
    """
    installed = listeners()
    if not installed:
        return None
    import structlog

    bus = HookBus(structlog.get_logger())
    for component in installed:
        try:
            bus.register(component.factory()(), component.reference)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - it may raise what it likes
            warnings.warn(
                f"{component.title} cannot be made: {error!r}\n  The study goes on without it.", stacklevel=1
            )
    bus.seal()
    return bus

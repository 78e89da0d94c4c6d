"""The listeners of this machine: active as soon as they are installed, unless they are blocked."""

from __future__ import annotations

import warnings

from mlkernel.discovery.allow_and_block import read_policy
from mlkernel.discovery.component import Component
from mlkernel.discovery.entry_point_index import read_index
from mlkernel.discovery.name_resolution import component_of_row
from mlkernel.errors import PluginError

LISTENER_GROUP = "mlkernel.listeners"


def listeners(*, strict: bool = False) -> list[Component]:
    """Return every installed listener that is allowed, ordered by the name of its distribution.

    Nobody chose them by name, so one that cannot be loaded is left out with a warning and stops no run.

    :param strict: raise instead.
    :raises PluginError: if *strict*, for the first that cannot be loaded.
    """
    policy = read_policy()
    rows = [
        row for row in read_index().rows(LISTENER_GROUP) if policy.reason_against("listener", row) is None
    ]
    found = []
    for row in sorted(rows, key=lambda row: (row.distribution, row.name)):
        try:
            found.append(component_of_row("listener", row))
        except PluginError as error:
            if strict:
                raise
            warnings.warn(f"{error.message}\n  The run goes on without it.", stacklevel=1)
    return found

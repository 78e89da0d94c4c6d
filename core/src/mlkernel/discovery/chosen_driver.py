"""stevedore, told exactly which entry point to load."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any

from stevedore.driver import DriverManager

from mlkernel.discovery.entry_point_row import EntryPointRow


class ChosenDriver(DriverManager[Any]):
    """Loads one entry point of one distribution.

    stevedore left to itself would search for the name in a cache of its own, which knows no distributions: of two that
    claim one name it would load both, the one that was not chosen included.
    """

    def __init__(self, row: EntryPointRow) -> None:
        self._chosen = EntryPoint(name=row.name, value=row.value, group=row.group)
        super().__init__(namespace=row.group, name=row.name)

    def list_entry_points(self) -> list[EntryPoint]:
        """Return the chosen one only."""
        return [self._chosen]

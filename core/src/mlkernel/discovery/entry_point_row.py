"""One entry point, as far as it can be known without executing anything of the package that declares it."""

from __future__ import annotations

from typing import NamedTuple


class EntryPointRow(NamedTuple):
    """An entry point of a group ``mlkernel.*``, with the literals of the descriptor that it names.

    A named tuple rather than an attrs class: lists are printed before anything else is imported, and importing attrs
    would take longer than all the rest of ``kernel plugin list``.
    """

    group: str
    name: str
    value: str
    """``package.module:attribute`` of the descriptor."""
    distribution: str
    version: str
    summary: str | None = None
    """From the descriptor's source, like all that follows; ``None`` where it is absent or no literal."""
    api: tuple[int, int] | None = None
    needs: tuple[str, ...] | None = None
    plural: str | None = None
    """Of a kind that declares one."""

    @property
    def reference(self) -> str:
        """``distribution:name``, which no other distribution can claim."""
        return f"{self.distribution}:{self.name}"

"""Named tensors as one flat list and back: what goes into and comes out of a compiled graph."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

Tensors = dict[str, Tensor]


class Packing:
    """The order of several dicts of tensors in one list; knows the names and holds no tensor."""

    def __init__(self, *groups: Sequence[str]) -> None:
        self._groups = [list(group) for group in groups]

    def pack(self, *tensors: Tensors) -> list[Tensor]:
        """Return the tensors of all dicts in order."""
        return [group[name] for names, group in zip(self._groups, tensors, strict=True) for name in names]

    def unpack(self, flat: Sequence[Tensor]) -> list[Tensors]:
        """Return the dicts again."""
        groups: list[Tensors] = []
        start = 0
        for names in self._groups:
            groups.append(dict(zip(names, flat[start : start + len(names)], strict=True)))
            start += len(names)
        return groups

"""NumPy arrays and scalars in checkpoints, in one ``.npz`` file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

_FILE = "numpy.npz"


class NumpyCodec:
    """Stores arrays of any dtype but ``object``, scalars included."""

    name = "numpy"

    def save(self, leaves: Mapping[str, Any], directory: Path) -> None:
        """Write *leaves* to ``numpy.npz``.

        :raises TypeError: an array has the dtype ``object``, which only pickle could store, or is of a subclass, such
            as a masked array, of which plain arrays keep only a part.
        """
        for name, leaf in leaves.items():
            if not _is_storable(leaf):
                raise TypeError(
                    f"{name} is a {_describe(leaf)}, which cannot be stored without loss or pickle"
                )
        # Names of members of an archive may not hold every character, so arrays are numbered and named beside.
        arrays = {str(index): np.asarray(leaf) for index, leaf in enumerate(leaves.values())}
        scalars = np.array([isinstance(leaf, np.generic) for leaf in leaves.values()])
        with (directory / _FILE).open("wb") as file:
            np.savez(file, allow_pickle=False, names=np.array(list(leaves)), scalars=scalars, **arrays)

    def load(self, directory: Path) -> dict[str, Any]:
        """Read the arrays back."""
        with np.load(directory / _FILE, allow_pickle=False) as archive:
            scalars = archive["scalars"]
            return {
                str(name): archive[str(index)][()] if scalars[index] else archive[str(index)]
                for index, name in enumerate(archive["names"])
            }

    def copy(self, leaf: Any) -> Any:
        """A copy of *leaf*."""
        return leaf.copy()


def _is_storable(leaf: Any) -> bool:
    return (
        type(leaf) in {np.ndarray, np.memmap} or isinstance(leaf, np.generic)
    ) and not leaf.dtype.hasobject


def _describe(leaf: Any) -> str:
    dtype = getattr(leaf, "dtype", None)
    return type(leaf).__name__ if dtype is None else f"{type(leaf).__name__} of dtype {dtype}"

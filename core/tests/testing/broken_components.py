"""Components that each break one promise of their kind."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from attrs import define, field, frozen

from mlkernel import Descriptor, Run, Trainer, hookimpl, option
from mlkernel.checkpoint.numpy_codec import NumpyCodec
from mlkernel.progress.silent import SilentBar


@frozen(kw_only=True)
class SilentOption:
    """Has an option of which nobody learns what it does."""

    rate: float = field(default=0.1)


@define(kw_only=True)
class Mutable:
    """Can be changed after it was checked."""

    rate: float = option(0.1, help="Step size.")


class WithSilentOption(Trainer):
    """Is configured by it."""

    Config: ClassVar[type[Any] | None] = SilentOption

    def train(self) -> None:
        """Do nothing."""


class WithMutableConfig(WithSilentOption):
    """Is configured by it."""

    Config: ClassVar[type[Any] | None] = Mutable


class LacksPhases:
    """Is no trainer, though it is made like one."""

    def __init__(self, run: Run) -> None:
        """Take it."""

    def train(self) -> None:
        """Do nothing."""


class TakesNoRun(Trainer):
    """Cannot be made as the kernel makes trainers."""

    def __init__(self) -> None:
        pass

    def train(self) -> None:
        """Do nothing."""


class HearsNothing:
    """Marks none of its methods."""

    def on_run_started(self, run: Run) -> None:
        """Not a hook implementation."""


class Raises:
    """Fails at every iteration."""

    @hookimpl
    def on_iteration_ended(self) -> None:
        """Fail."""
        raise RuntimeError("no")


class DrawsFromTheRun:
    """Takes numbers that the trainer would have drawn."""

    @hookimpl
    def on_run_started(self, run: Run) -> None:
        """Draw."""
        for _ in range(100):  # few could be numbers that sampling rejects anyway
            run.random("order").random()


class MisspellsAHook:
    """Implements a hook that does not exist."""

    @hookimpl
    def on_run_begun(self) -> None:
        """Never called."""


class LacksMethods:
    """Can start, and no more."""

    def __init__(self, run: Run) -> None:
        pass

    def start(self, title: str, phases: Mapping[str, int]) -> None:
        """Start."""


class KeepsStandardError(SilentBar):
    """Redirects standard error and never gives it back."""

    def __init__(self, run: Run) -> None:
        super().__init__()

    def start(self, title: str, phases: Mapping[str, int]) -> None:
        """Redirect."""
        sys.stderr = sys.__stdout__ if sys.stderr is not sys.__stdout__ else sys.__stderr__


class PicklingCodec(NumpyCodec):
    """Reads with pickle."""

    def save(self, leaves: Mapping[str, Any], directory: Path) -> None:
        """Pickle."""
        (directory / "numpy.pickle").write_bytes(pickle.dumps(dict(leaves)))

    def load(self, directory: Path) -> dict[str, Any]:
        """Unpickle."""
        return dict(pickle.loads((directory / "numpy.pickle").read_bytes()))


class RoundingCodec(NumpyCodec):
    """Forgets half of the digits."""

    def load(self, directory: Path) -> dict[str, Any]:
        """Round."""
        return {name: np.float32(leaf) for name, leaf in super().load(directory).items()}


class SharingCodec(NumpyCodec):
    """Gives out what it should copy."""

    def copy(self, leaf: Any) -> Any:
        """Do not copy."""
        return leaf


class UntidyCodec(NumpyCodec):
    """Leaves a file that another codec might leave, too."""

    def save(self, leaves: Mapping[str, Any], directory: Path) -> None:
        """Save, and more."""
        super().save(leaves, directory)
        (directory / "index").write_text("", encoding="utf-8")


def _codec(name: str) -> Descriptor:
    return Descriptor(name="numpy", summary="Breaks a promise.", factory=f"{__file__}:{name}")


pickling, rounding = _codec("PicklingCodec"), _codec("RoundingCodec")
sharing, untidy = _codec("SharingCodec"), _codec("UntidyCodec")

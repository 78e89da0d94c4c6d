"""The trial schedulers of the core, found through entry points like everyone else's."""

from __future__ import annotations

from mlkernel.descriptors import Descriptor

fifo = Descriptor(
    name="fifo",
    summary="Ends nothing early: every trial trains to its end.",
    factory="mlkernel.study.fifo:FifoScheduler",
)

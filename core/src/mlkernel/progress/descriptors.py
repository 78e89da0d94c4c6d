"""The progress bars of the core, found through entry points like everyone else's."""

from __future__ import annotations

from mlkernel.descriptors import Descriptor

rich = Descriptor(
    name="rich",
    summary="Live bars on a terminal: nested phases, rate, time left, newest metrics.",
    factory="mlkernel.progress.rich_bar:make_rich_bar",
)
plain = Descriptor(
    name="plain",
    summary="One line every few seconds, for log files and batch queues.",
    factory="mlkernel.progress.plain_lines:make_plain_lines",
)
none = Descriptor(
    name="none",
    summary="Shows nothing.",
    factory="mlkernel.progress.silent:make_silent_bar",
)

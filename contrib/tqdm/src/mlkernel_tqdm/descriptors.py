"""The component of this package, told without importing tqdm."""

from __future__ import annotations

from mlkernel import Descriptor

tqdm = Descriptor(
    name="tqdm",
    summary="A tqdm bar for each running phase, with its newest metrics.",
    factory="mlkernel_tqdm.tqdm_bar:make_tqdm_bar",
    needs=("tqdm",),
)

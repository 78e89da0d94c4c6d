"""The trial schedulers of this package, told without importing them."""

from __future__ import annotations

from mlkernel import Descriptor

asha = Descriptor(
    name="asha",
    summary="Asynchronous successive halving: only the best of those at a rung train on.",
    factory="mlkernel_search.schedulers.asha:make_asha",
    config="mlkernel_search.schedulers.configs:AshaConfig",
)
asynchyperband = Descriptor(
    name="asynchyperband",
    summary="Another name of asha.",
    factory="mlkernel_search.schedulers.asha:make_asha",
    config="mlkernel_search.schedulers.configs:AshaConfig",
)

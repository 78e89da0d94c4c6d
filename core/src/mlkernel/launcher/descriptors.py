"""The launchers of the core, found through entry points like everyone else's."""

from __future__ import annotations

from mlkernel.descriptors import Descriptor

local = Descriptor(
    name="local",
    summary="Processes of this machine, as many at once as there are processors and devices.",
    factory="mlkernel.launcher.local:Local",
    config="mlkernel.launcher.local_config:LocalConfig",
)

"""Options of the launcher ``local``."""

from __future__ import annotations

import re
from typing import Any

import attrs
from attrs import frozen

from mlkernel.config.option import option

_DEVICE = re.compile(r"[\w./:-]+")


def _check_gpus(_: Any, __: Any, gpus: int | list[int | str] | None) -> None:
    if isinstance(gpus, int) and gpus < 0:
        raise ValueError(f"must be >= 0, not {gpus}")
    if isinstance(gpus, list) and not all(_DEVICE.fullmatch(str(name)) for name in gpus):
        raise ValueError(f"must be numbers or UUIDs of devices, not {gpus}")
    if isinstance(gpus, list) and len(set(map(str, gpus))) < len(gpus):
        raise ValueError(f"names a device twice, which two jobs would be given: {', '.join(map(str, gpus))}")


@frozen(kw_only=True)
class LocalConfig:
    """How much of this machine its jobs may use together."""

    cpus: int | None = option(
        None,
        help="processor cores that jobs share; those that this process may use unless given",
        validator=attrs.validators.optional(attrs.validators.ge(1)),
    )
    gpus: int | list[int | str] | None = option(
        None,
        help="devices that jobs share: how many, or their numbers or UUIDs; those of CUDA_VISIBLE_DEVICES unless "
        "given, or else all NVIDIA devices",
        validator=_check_gpus,
    )
    threads: bool = option(
        True,
        help="whether a job is told with OMP_NUM_THREADS to use as many threads as it asked for cores",
    )

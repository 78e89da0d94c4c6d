"""How a Gaussian process looks at losses."""

from __future__ import annotations

from attrs import frozen

from mlkernel_search.gp.kernels import Kernel
from mlkernel_search.gp.scale_prior import ScalePrior


@frozen(kw_only=True)
class View:
    """What is believed of a function before anything was observed, and when enough is known of a basin."""

    kernel: Kernel
    prior: ScalePrior
    worthwhile: float
    """Least expected improvement, in standard deviations of the losses, for which a basin is searched further."""

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
successive_halving = Descriptor(
    name="successive-halving",
    summary="Trials begin together; the better half trains twice as long, and so on.",
    factory="mlkernel_search.schedulers.hyperband:make_successive_halving",
    config="mlkernel_search.schedulers.configs:HalvingConfig",
)
halving = Descriptor(
    name="halving",
    summary="Another name of successive-halving.",
    factory="mlkernel_search.schedulers.hyperband:make_successive_halving",
    config="mlkernel_search.schedulers.configs:HalvingConfig",
)
hyperband = Descriptor(
    name="hyperband",
    summary="Brackets of successive halving, from many short trials to a few whole ones.",
    factory="mlkernel_search.schedulers.hyperband:make_hyperband",
    config="mlkernel_search.schedulers.configs:HyperbandConfig",
)
bohb_hyperband = Descriptor(
    name="bohb-hyperband",
    summary="Hyperband with the brackets of BOHB.",
    factory="mlkernel_search.schedulers.hyperband:make_bohb_hyperband",
    config="mlkernel_search.schedulers.configs:HyperbandConfig",
)
bohbhyperband = Descriptor(
    name="bohbhyperband",
    summary="Another name of bohb-hyperband.",
    factory="mlkernel_search.schedulers.hyperband:make_bohb_hyperband",
    config="mlkernel_search.schedulers.configs:HyperbandConfig",
)
median = Descriptor(
    name="median",
    summary="Ends trials that are worse than the median of the others at the same step.",
    factory="mlkernel_search.schedulers.median:MedianScheduler",
    config="mlkernel_search.schedulers.configs:MedianConfig",
)
pbt = Descriptor(
    name="pbt",
    summary="Population-based training: bad trials go on from good ones' checkpoints, with other values.",
    factory="mlkernel_search.schedulers.pbt:PbtScheduler",
    config="mlkernel_search.schedulers.configs:PbtConfig",
)
pb2 = Descriptor(
    name="pb2",
    summary="Population-based bandits: as pbt, with values that a Gaussian process proposes.",
    factory="mlkernel_search.schedulers.pb2:Pb2Scheduler",
    config="mlkernel_search.schedulers.configs:Pb2Config",
    needs=("sklearn",),
)

"""The configuration of small Python functions."""

from attrs import frozen
from attrs.validators import and_, ge, gt, le

from mlkernel import option
from mlkernel_text.tasks.split_sizes import SplitSizes


@frozen(kw_only=True)
class PythonFunctionsConfig(SplitSizes):
    """Functions and mutations of them, which are run to see what they do."""

    train_size: int = option(512, help="Problems to train on.", validator=ge(1))
    harmless_mutations: float = option(
        0.2,
        help="Share of right functions that are mutations which change nothing; fewer where there are none.",
        validator=and_(ge(0.0), le(1.0)),
    )
    max_steps: int = option(2000, help="Lines after which a call counts as endless.", validator=ge(100))
    memory_mebibytes: int = option(512, help="Memory of the process that runs them.", validator=ge(64))
    timeout: float = option(120.0, help="Seconds after which that process is given up.", validator=gt(0.0))

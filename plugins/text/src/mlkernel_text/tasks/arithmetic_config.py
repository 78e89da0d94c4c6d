"""The configuration of sums."""

from typing import Literal

from attrs import frozen
from attrs.validators import and_, ge, le, min_len

from mlkernel import option
from mlkernel_text.tasks.split_sizes import SplitSizes

Operation = Literal["+", "-", "*"]


@frozen(kw_only=True)
class ArithmeticConfig(SplitSizes):
    """Two whole numbers and an operation."""

    digits: int = option(2, help="Digits of each number.", validator=and_(ge(1), le(8)))
    operations: tuple[Operation, ...] = option(("+",), help="Which operations occur.", validator=min_len(1))
